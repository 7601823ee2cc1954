"""No checker is blind: each rule is shown a good history, which it passes, and one that breaks it.

The good history: two members are told to Mexico, one of them takes the consent back, the urgent
lane says so; a first transmission is stopped and sent again by somebody else.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.chaos import checker
from tests.journeys.chaos.checker import Bounds
from tests.journeys.chaos.history import (
    Arrival,
    Attempt,
    Entry,
    History,
    Life,
    Outage,
    Permission,
    Place,
    Sealed,
)

MX = "mx-neec"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ONE, TWO = "Invented Company 20000001 (0)", "Invented Company 20000002 (0)"
BOUNDS = Bounds(withdrawal=timedelta(seconds=10), resent=1)
FIRST, SECOND = Place(MX, "routine", "e", 1, 1), Place(MX, "routine", "e", 2, 1)
GONE = Place(MX, "urgent", "f", 1, 1)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def event(number: int, account: str, word: str, seconds: float) -> list[Any]:
    return [number, account, MX, word, at(seconds).isoformat(), "neec-2014", None, None]


def said(place: Place, *announced: tuple[str, str, int]) -> dict[str, Any]:
    return {
        "lane": place.lane,
        "batch": place.number,
        "issue": place.issue,
        "announced": [[account, ref, 1, consent, ""] for account, ref, consent in announced],
    }


def good() -> History:
    first = Arrival(place=FIRST, at=at(2), digest="1", announced=(("A", 1, ONE),))
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("consents", {"events": [event(1, "20000001", "granted", 0)]}),
        ("consents", {"events": [event(2, "20000002", "granted", 0)]}),
        ("disclosed", said(FIRST, ("20000001", "A", 1))),
        ("sent again", said(FIRST)),
        ("receipt", said(FIRST)),
        ("disclosed", said(SECOND, ("20000002", "B", 2))),
        ("receipt", said(SECOND)),
        ("consents", {"events": [event(3, "20000002", "revoked", 8)]}),
        ("disclosed", said(GONE)),
        ("receipt", said(GONE)),
    ]
    return History(
        arrivals=[
            first,
            replace(first, at=at(5)),
            Arrival(place=SECOND, at=at(6), digest="2", previous="1", announced=(("B", 1, TWO),)),
            Arrival(place=GONE, at=at(9), digest="3", withdrawn=("B",)),
        ],
        sealed=[
            Sealed(place=FIRST, digest="1"),
            Sealed(place=SECOND, digest="2"),
            Sealed(place=GONE, digest="3"),
        ],
        attempts=[
            Attempt(place=FIRST, n=1, fence=1, began_at=at(1), outcome="fenced out"),
            Attempt(place=FIRST, n=2, fence=2, began_at=at(4)),
            Attempt(place=SECOND, n=1, fence=2, began_at=at(5.5)),
            Attempt(place=GONE, n=1, fence=1, began_at=at(8.5)),
        ],
        entries=[
            Entry(position=n, kind=kind, said=words, partner=None if kind == "consents" else MX)
            for n, (kind, words) in enumerate(kinds, 1)
        ],
        permissions=[
            Permission(partner=MX, account="20000001", since=at(0)),
            Permission(partner=MX, account="20000002", since=at(0), until=at(8)),
        ],
        lives=[
            Life(ref="A", partner=MX, account="20000001"),
            Life(ref="B", partner=MX, account="20000002", withdraw_since=at(8), gone_at=at(9)),
        ],
        held={MX: {ONE: "VALIDATED"}},
        wanted={MX: {ONE: "VALIDATED"}},
    )


def change(items: str, index: int, **facts: Any) -> Callable[[History], None]:
    """Something else is so of one item."""

    def spoil(history: History) -> None:
        made = list(getattr(history, items))
        made[index] = replace(made[index], **facts)
        setattr(history, items, made)

    return spoil


def without(items: str, index: int) -> Callable[[History], None]:
    def spoil(history: History) -> None:
        made = list(getattr(history, items))
        del made[index]
        setattr(history, items, made)

    return spoil


def facts(**facts: Any) -> Callable[[History], None]:
    def spoil(history: History) -> None:
        for name, value in facts.items():
            setattr(history, name, value)

    return spoil


def moved(index: int, to: int) -> Callable[[History], None]:
    """A line of the ledger was committed at another time."""

    def spoil(history: History) -> None:
        made = list(history.entries)
        made.insert(to, made.pop(index))
        history.entries = made

    return spoil


WRONG: dict[str, tuple[str, Callable[[History], None]]] = {
    "a member is not there": ("lost", facts(held={MX: {}})),
    "a member is still there": ("lost", facts(wanted={MX: {}})),
    "an old status": ("lost", facts(wanted={MX: {ONE: "SUSPENDED"}})),
    "a notice in the queue": ("lost", facts(waiting=[(MX, None)])),
    "a batch without an end": ("lost", change("sealed", 1, state="unknown")),
    "a number left out": ("gaps", change("arrivals", 2, place=SECOND._replace(number=3))),
    "a number before its time": ("gaps", lambda history: history.arrivals.reverse()),
    "other bytes when sent again": ("images", change("arrivals", 1, digest="x")),
    "other bytes than are kept": ("images", change("sealed", 2, digest="x")),
    "a file nobody knows": ("unannounced", without("sealed", 2)),
    "sent more often than let out": ("unannounced", without("attempts", 1)),
    "let out after it came": ("unannounced", change("attempts", 2, began_at=at(7))),
    "a fork": ("chain", change("arrivals", 2, previous="x")),
    "no digest": ("chain", change("arrivals", 2, previous=None)),
    "a digest before the first": ("chain", change("arrivals", 3, previous="x")),
    "sent again after its receipt": ("closed", moved(3, 4)),
    "sealed before the one before was closed": ("closed", moved(4, 5)),
    "let out under an old fence": ("fences", change("attempts", 2, fence=1)),
    "let out after the revocation": ("consent", moved(7, 5)),
    "let out before the consent": ("consent", moved(1, 6)),
    "under another consent": (
        "consent",
        change("entries", 5, said=said(SECOND, ("20000002", "B", 1))),
    ),
    "sent again after the revocation": (
        "consent",
        change("entries", 8, kind="sent again", said=said(SECOND)),
    ),
    "named without consent": ("strangers", without("permissions", 0)),
    "named when consent was over": ("strangers", change("permissions", 1, until=at(5))),
    "named before consent": ("strangers", change("permissions", 0, since=at(3))),
    "sent again when consent was over": ("strangers", change("permissions", 0, until=at(3))),
    "never asked to forget": ("withdrawals", change("arrivals", 3, withdrawn=())),
    "asked too late": ("withdrawals", change("arrivals", 3, at=at(20))),
    "not confirmed": ("withdrawals", change("lives", 1, gone_at=None)),
    "a revocation without an end": (
        "withdrawals",
        facts(open=[(MX, "withdrawal on its way")]),
    ),
    "too many came again": ("resent", lambda history: history.arrivals.append(history.arrivals[0])),
    "a broken ledger": ("ledger_whole", facts(ledger_broken_at=3)),
}


def rules(history: History) -> set[str]:
    return {one.partition(":")[0] for one in checker.violations(history, BOUNDS)}


def test_a_good_history_breaks_no_rule():
    assert checker.violations(good(), BOUNDS) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_seen_by_its_rule(wrong: str):
    rule, spoil = WRONG[wrong]
    history = deepcopy(good())
    spoil(history)
    assert rule in rules(history), checker.violations(history, BOUNDS)


def test_every_rule_is_shown_what_it_is_for():
    named = {rule.__name__ for rule in checker.RULES} | {"withdrawals", "resent"}
    assert {rule for rule, _ in WRONG.values()} == named


def test_a_violation_names_partner_lane_and_number():
    history = good()
    change("arrivals", 1, digest="x")(history)
    (sentence,) = [one for one in checker.violations(history, BOUNDS) if "two contents" in one]
    assert "mx-neec routine number 1 issue 1" in sentence


def test_the_time_the_database_was_away_does_not_count():
    history = good()
    change("arrivals", 3, at=at(28))(history)
    assert rules(history) == {"withdrawals"}
    history.outages = [Outage(at(10), at(20))]  # and some seconds to recover
    assert rules(history) == set()


def test_a_member_that_consents_again_may_be_named_again():
    history = good()
    again = Place(MX, "routine", "e", 3, 1)
    history.entries = [
        *history.entries,
        Entry(
            position=11,
            kind="consents",
            said={"events": [event(4, "20000002", "granted", 10)]},
        ),
        Entry(position=12, kind="disclosed", said=said(again, ("20000002", "C", 4)), partner=MX),
        Entry(position=13, kind="receipt", said=said(again), partner=MX),
    ]
    history.arrivals = [
        *history.arrivals,
        Arrival(place=again, at=at(12), digest="4", previous="2", announced=(("C", 1, TWO),)),
    ]
    history.sealed = [*history.sealed, Sealed(place=again, digest="4")]
    history.attempts = [
        *history.attempts,
        Attempt(place=again, n=1, fence=3, began_at=at(11)),
    ]
    history.permissions = [
        *history.permissions,
        Permission(partner=MX, account="20000002", since=at(10)),
    ]
    history.held = history.wanted = {MX: {ONE: "VALIDATED", TWO: "VALIDATED"}}
    assert checker.violations(history, BOUNDS) == []

"""A checkup of the way to one partner, step by step, for the person who connects it.

    dns --> connect --> tls --> signature --> schema
                            '-> echo  (needs a pinned certificate that is valid)
                            '-> clock
    certificate

A step that fails skips those that lead on from it. Every step has a deadline and a bound, all of
them together `LONGEST`, and nothing an answer says is believed before its signature verifies: what is not signed (a status, the
papers, the Date) is shown as what the other end claims.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.checkup import line, reaching, theirs
from gateway.checkup.finding import Found, Result, Step, Way
from gateway.checkup.reaching import Failed
from outbox.house import House
from partners import agreements, certificates
from schemas.errors import BadRequest, MrxError
from signing.certificate import Certificate

LONGEST: Final = timedelta(seconds=60)
"""Somebody waits for it, and a thread of the server with them."""
_SHORTEST = timedelta(seconds=1)  # less is no try
_STEPS: tuple[tuple[str, tuple[str, ...], Callable[[Way], Found]], ...] = (
    ("dns", (), line.dns),
    ("connect", ("dns",), line.connect),
    ("tls", ("connect",), line.tls),
    ("certificate", (), line.certificate),
    ("signature", ("tls",), theirs.signature),
    ("schema", ("signature",), theirs.schema),
    ("echo", ("tls", "certificate"), theirs.echo),
    ("clock", ("tls",), theirs.clock),
)


@dataclass(frozen=True, slots=True)
class Checkup:
    partner: str
    address: str
    steps: tuple[Step, ...]

    @property
    def well(self) -> bool:
        return all(step.result is not Result.FAILED for step in self.steps)


def check(house: House, partner: str, *, clock: Callable[[], datetime]) -> Checkup:
    """Walk the way to a partner. Raises `BadRequest`: MRX-5001 for no partner of ours, MRX-5016
    where it has no address.
    """
    with house.database.read() as tx:
        registered = agreements.get(tx, partner)
        pinned = certificates.pinned(tx, partner)
    url = registered.push_url or registered.pull_url
    if url is None:
        raise BadRequest("MRX-5016")
    way = Way(
        house=house,
        partner=partner,
        address=reaching.address(url),
        format=registered.agreement.format,
        pinned=[Certificate.parse(one.pem.encode()) for one in pinned],
        clock=clock,
        deadline=house.terms.request_deadline.total_seconds(),
    )
    until = time.monotonic() + LONGEST.total_seconds()
    steps: list[Step] = []
    blocked: set[str] = set()
    for name, needs, walk in _STEPS:
        missing = next((need for need in needs if need in blocked), None)
        left = timedelta(seconds=until - time.monotonic())
        if missing is not None:
            sentence = f"not tried: it needs {missing}"
            step = Step(step=name, result=Result.SKIPPED, sentence=sentence, next=None)
        elif left < _SHORTEST:
            step = Step(
                step=name,
                result=Result.FAILED,
                sentence=f"not tried: the steps before took {LONGEST.seconds} s",
                next="find out what makes them so slow, then test again",
            )
        else:
            _hasten(way, left)
            step = _walked(name, walk, way)
        if missing is not None or step.result is Result.FAILED:
            blocked.add(name)
        steps.append(step)
    return Checkup(partner, url, tuple(steps))


def _hasten(way: Way, left: timedelta) -> None:
    """No step may take longer than is left for all of them."""
    terms = way.house.terms
    if left < terms.request_deadline:
        way.house = replace(way.house, terms=replace(terms, request_deadline=left))
        way.deadline = left.total_seconds()


def _walked(name: str, walk: Callable[[Way], Found], way: Way) -> Step:
    try:
        found = walk(way)
    except Failed as failed:
        return Step(step=name, result=Result.FAILED, sentence=failed.sentence, next=failed.next)
    except MrxError as error:
        sentence = f"{error.code} {error.reason}"
        return Step(step=name, result=Result.FAILED, sentence=sentence, next=error.repair)
    return Step(step=name, result=found.result, sentence=found.sentence, next=found.next)

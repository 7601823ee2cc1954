"""What should be so: a dictionary of members, consents and terms, and one question asked of it.

    members      what the source last said of each, by its own time
    consents     the newest event of each (partner, account), by its own time
    terms        how an agreement and its routine lane stand

The question is `may`: what a partner may be told of a member now. Everything is written here a
second time, in the plainest way there is, and from the promises: nothing of the product is asked.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

URGENT, ROUTINE = "urgent", "routine"
# From the worst to the best.
STATUSES = ("REMOVED", "WITHDRAWN", "SUSPENDED", "CERTIFIED", "VALIDATED", "EXCEEDING")
# What each consent text lets be named; `wide` names tiers too.
TEXTS = {"wide": frozenset({"SCAC", "MID"}), "narrow": frozenset({"SCAC"})}
# Older news of consents than this is no ground to tell anything (P9).
FRESH = timedelta(hours=72)
IMPLEMENTATION = 8
# The only format that cannot say every day: the ROC calendar begins in 1912.
UNSAID_BEFORE = {"tw-aeo": date(1912, 1, 1)}

Identifiers = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The four items, and nothing else (P2)."""

    name: str
    identifiers: Identifiers
    status: str
    since: date

    def better_than(self, other: "Items") -> bool:
        """Whether somebody who is told this grants more than the other would have them grant."""
        return rank(self.status) > rank(other.status) or not self.identifiers <= other.identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as the source last described it. `doubted`: its last status was a word nobody knows."""

    items: Items
    as_of: datetime
    present: bool = True
    doubted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The newest event of a pair; `text` is None for a revocation."""

    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the agreement with one partner stands, and whether its routine lane is paused."""

    stage: int = IMPLEMENTATION
    enabled: bool = True
    ended: bool = False
    paused: bool = False

    @property
    def open(self) -> bool:
        return self.stage >= IMPLEMENTATION and self.enabled and not self.ended


@dataclass(slots=True)
class Model:
    """All of it; `events` are the consent events of each account that were news, `revoked` the
    revocations that took a standing consent back or stood first.
    """

    members: dict[str, Member] = field(default_factory=dict)
    consents: dict[tuple[str, str], Consent] = field(default_factory=dict)
    terms: dict[str, Terms] = field(default_factory=dict)
    heard: datetime | None = None
    events: dict[str, set[tuple[str, datetime, bool]]] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)

    # -- what happens ------------------------------------------------------------------------------

    def described(self, account: str, items: Items, as_of: datetime) -> None:
        """The source said this of a member, as of that moment."""
        before = self.members.get(account)
        if before is None or as_of >= before.as_of:
            self.members[account] = Member(items=items, as_of=as_of)

    def doubted(self, account: str, as_of: datetime) -> None:
        """The source gave it a status that nobody knows."""
        before = self.members.get(account)
        if before is not None and as_of >= before.as_of:
            self.members[account] = replace(before, doubted=True, as_of=as_of)

    def left_out(self, account: str, as_of: datetime) -> None:
        """A full list did not have it. Its status stays what it was (P3)."""
        before = self.members[account]
        if before.present and as_of >= before.as_of:
            self.members[account] = replace(before, present=False, as_of=as_of)

    def consented(self, partner: str, account: str, at: datetime, text: str | None) -> bool:
        """An event of the feed; `text` None takes the consent back. Says whether it stands."""
        known = self.events.setdefault(account, set())
        event = (partner, at, text is not None)
        if event in known:
            return False
        known.add(event)
        before = self.consents.get((partner, account))
        # Of two at one moment the revocation wins.
        if before is not None and (at, text is None) < (before.at, before.text is None):
            return False
        self.consents[partner, account] = Consent(at=at, text=text)
        if text is None:
            self.revoked[account] = self.revoked.get(account, 0) + 1
        return True

    def feed(self, as_of: datetime) -> None:
        """The feed of consents spoke."""
        self.heard = as_of if self.heard is None else max(self.heard, as_of)

    def change(self, partner: str, **facts: object) -> None:
        """The agreement, or the pause, is another now."""
        self.terms[partner] = replace(self.terms[partner], **facts)

    # -- the question ------------------------------------------------------------------------------

    def truth(self, partner: str, account: str) -> Items | None:
        """What the partner would be told if nothing but consent and roll were asked."""
        member, consent = self.members.get(account), self.consents.get((partner, account))
        if member is None or not member.present or consent is None or consent.text is None:
            return None
        wide = consent.text == "wide"
        status = member.items.status
        return replace(
            member.items,
            identifiers=frozenset(
                one for one in member.items.identifiers if one[0] in TEXTS[consent.text]
            ),
            status="VALIDATED" if status == "EXCEEDING" and not wide else status,
        )

    def sayable(self, partner: str, account: str) -> Items | None:
        """The same, if neither a doubt nor the partner's format stands in the way."""
        items = self.truth(partner, account)
        if items is None or self.members[account].doubted:
            return None
        return None if items.since < UNSAID_BEFORE.get(partner, date.min) else items

    def open(self, partner: str, now: datetime) -> bool:
        """Whether anything at all may be announced there."""
        fresh = self.heard is not None and now - self.heard <= FRESH
        return fresh and self.terms[partner].open

    def may(self, partner: str, lane: str, account: str, now: datetime) -> Items | None:
        """What may be announced of this member to this partner by this lane now (P1)."""
        stopped = lane == ROUTINE and self.terms[partner].paused
        if stopped or not self.open(partner, now):
            return None
        return self.sayable(partner, account)


def rank(status: str) -> int:
    """Higher is better for the member."""
    return STATUSES.index(status)

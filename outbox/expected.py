"""Pairs as they would be after a push: the roll's part from the push, the rest as it stands.

`candidate.judge` takes them in the place of the rows of `candidate.facts`, so that a push can be
judged before it is taken. A few queries a chunk, however many members and partners.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, select

from outbox.candidate import Pair
from outbox.withdrawals import ANNOUNCE
from partners import roll
from partners.roll import News
from schemas.member import Member
from schemas.tables import disclosures, members, pending, standing_consents

_LAST = datetime.max.replace(tzinfo=UTC)  # as if read just now: never older than what is known
# How the row of a pair in the queue looks when there is news of it: nothing in its way.
_FRESH: Any = SimpleNamespace(batch_id=None, blocked=None)


def pairs(
    tx: Connection, pushed: Collection[Member], doubtful: Collection[str], partners: Sequence[str]
) -> Iterator[tuple[Pair, Any]]:
    """Each of these members with each of these partners, and its row in the queue or None.

    `doubtful` are accounts whose pushed status word nobody knows; who is not on the roll is left
    out, as the roll would.
    """
    entries = list(_entries(tx, pushed, doubtful))
    standing = _Standing(tx, [entry["account"] for entry, _ in entries])
    for entry, news in entries:
        for partner in partners:
            account = entry["account"]
            queued = _FRESH if news else standing.queued.get((partner, account))
            yield Pair(**entry, **standing.of(partner, account)), queued


def _entries(
    tx: Connection, pushed: Collection[Member], doubtful: Collection[str]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """The roll's part of each pair, and whether the push is news to the roll."""
    before = roll.known(tx, [member.account for member in pushed])
    for member in pushed:
        news = roll.news(member, before.get(member.account), _LAST)
        entry = {
            "account": member.account,
            "member_version": None,
            "name": member.name,
            "identifiers": [(i.scheme, i.value) for i in member.identifiers],
            "status": member.status.value,
            "member_since": member.member_since,
            "business_type": member.business_type,
            "present": True,
            "unknown_status": False,
        }
        yield entry, news is not News.UNCHANGED
    doubted = select(members).where(members.c.account.in_(doubtful))
    for row in tx.execute(doubted).all():
        entry = {name: row._mapping[name] for name in _OF_THE_ROLL}  # noqa: SLF001  # public
        yield (
            entry | {"member_version": row.version, "unknown_status": True},
            not row.unknown_status,
        )


_OF_THE_ROLL = (
    "account",
    "name",
    "identifiers",
    "status",
    "member_since",
    "business_type",
    "present",
)


class _Standing:
    """What the database holds of the pairs of some accounts, beside the roll."""

    def __init__(self, tx: Connection, accounts: Collection[str]) -> None:
        consent, queue = standing_consents.c, pending.c
        self._consents = {
            (row.programme, row.account): row
            for row in tx.execute(select(standing_consents).where(consent.account.in_(accounts)))
        }
        self._lives = {
            (row.partner, row.account): row
            for row in tx.execute(
                select(disclosures).where(
                    disclosures.c.account.in_(accounts), disclosures.c.withdraw_since.is_(None)
                )
            )
        }
        self.queued = {
            (row.partner, row.account): row
            for row in tx.execute(
                select(pending).where(queue.account.in_(accounts), queue.ref == ANNOUNCE)
            )
        }

    def of(self, partner: str, account: str) -> dict[str, Any]:
        """The columns of `candidate.facts` that are not the roll's."""
        consent = self._consents.get((partner, account))
        life = self._lives.get((partner, account))
        return {
            "partner": partner,
            "event": consent and consent.event,
            "consent_id": consent and consent.consent_id,
            "text": consent and consent.text,
            "live_ref": life and life.ref,
            "live_version": life and life.version,
            "held_version": life and life.held_version,
            "told_digest": life and life.told_digest,
            "best_status": life and life.best_status,
            "best_identifiers": life and life.best_identifiers,
        }

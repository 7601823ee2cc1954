"""What is known of companies that nobody holds any more: numbers, names, and at last consents.

life      gone --its numbers--> (erased)      the reference stays as a tombstone
member    absent, held by nobody --name and numbers--> (erased) --consents, years later--> gone
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    or_,
    update,
)

from outbox.retention import ERASED
from outbox.retention_slice import BEFORE, Way, looked, slice_of, there_is
from schemas import bulk
from schemas.tables import (
    Moment,
    consents,
    disclosures,
    is_set,
    member_identifiers,
    members,
    pending,
    standing_consents,
)

_FORGET_NUMBERS = (
    update(disclosures)
    .where(disclosures.c.ref == bindparam("its_ref"), disclosures.c.gone_at.is_not(None))
    .values(
        told_identifiers=bindparam("told"),
        best_identifiers=bindparam("best"),
        erased_at=bindparam("now", type_=Moment()),
    )
)


def of_told_numbers() -> Way:
    keys = ("ref",)
    d = disclosures.c
    carried = ("told_identifiers", "best_identifiers", "retained_until")
    whole = "disclosures.gone_at IS NOT NULL AND disclosures.erased_at IS NULL"
    size = func.length(d.told_identifiers) + func.length(d.best_identifiers)
    some = slice_of(disclosures, d.gone_at, keys, whole, *carried, size=size)
    over = some.c.retained_until < bindparam("before_day", type_=d.retained_until.type)
    due = or_(some.c.retained_until.is_(None), over)
    query = looked(some, keys, due, some.c.told_identifiers, some.c.best_identifiers)

    def forget(tx: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        tx.execute(
            _FORGET_NUMBERS,
            [
                {
                    "its_ref": row.ref,
                    "told": _schemes(row.told_identifiers),
                    "best": _schemes(row.best_identifiers),
                    "now": now,
                }
                for row in rows
            ],
        )

    return Way(keys, query, forget)


def _schemes(pairs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Which schemes were told, without the numbers."""
    return [[scheme, ERASED] for scheme, _ in pairs]


_FORGET_MEMBERS = (
    update(members)
    .where(bulk.one_of(members.c.account, "accounts"), ~is_set(members.c.present))
    .values(
        name=ERASED,
        identifiers=[],
        business_type=None,
        digest=b"",  # so that whatever is said of it again is news
        version=members.c.version + 1,
        changed_at=bindparam("now", type_=Moment()),
    )
)
_FORGET_FOUND = delete(member_identifiers).where(
    bulk.one_of(member_identifiers.c.account, "accounts")
)


def _absent() -> Any:
    m = members.c
    size = func.length(m.name) + func.length(m.identifiers)
    return slice_of(members, m.changed_at, ("account",), "members.present = 0", "name", size=size)


def _nobody_holds(account: ColumnElement[str]) -> ColumnElement[bool]:
    """Told to nobody, or everybody confirmed the deletion; and nothing waits to be told."""
    known = there_is(disclosures.c.account == account, disclosures.c.gone_at.is_(None))
    return ~known & ~there_is(pending.c.account == account)


def of_former_members() -> Way:
    keys = ("account",)
    some = _absent()
    due = (some.c.name != ERASED) & _nobody_holds(some.c.account)

    def forget(tx: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        accounts = [row.account for row in rows]
        tx.execute(_FORGET_FOUND, {"accounts": accounts})
        tx.execute(_FORGET_MEMBERS, {"accounts": accounts, "now": now})

    return Way(keys, looked(some, keys, due), forget)


def of_consents() -> Way:
    keys = ("account",)
    some = _absent()
    mine = consents.c.account == some.c.account
    due = and_(
        some.c.name == ERASED,
        there_is(mine),
        ~there_is(mine, consents.c.recorded_at >= BEFORE),
        _nobody_holds(some.c.account),
    )

    def forget(tx: Connection, rows: Sequence[Row[Any]], _now: datetime) -> None:
        accounts = {"accounts": [row.account for row in rows]}
        tx.execute(_FORGET_STANDING, accounts)
        tx.execute(_FORGET_CONSENTS, accounts)

    return Way(keys, looked(some, keys, due), forget)


_FORGET_STANDING = delete(standing_consents).where(
    bulk.one_of(standing_consents.c.account, "accounts")
)
_FORGET_CONSENTS = delete(consents).where(bulk.one_of(consents.c.account, "accounts"))

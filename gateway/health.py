"""Whether the gateway can do its work: each thing it needs, by name, and the code of what lacks.

    signing        the key in memory signs, and the key file is there for the next start
    database       it can be reached, and is where it was
    schema         it is this program's
    ledger         it takes an entry: one is really written, and taken back
    consent feed   fresh enough to announce anybody (P9)
    restored       not from a backup; or a partner at least has been compared with since
    clock          not behind what the ledger says, and with the database server's
    disk           there is room

Nothing is believed because it held at the start: all of it is tried at every question.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from gateway import own_keys
from outbox import ledger, restored
from outbox.house import House
from partners import consents, roll
from schemas import migration, server_settings
from schemas.errors import MrxError, NotReady
from schemas.postgresql import PostgreSQL
from schemas.tables import ledger as entries
from signing import keys
from signing.open import open_sealed
from signing.seal import seal

CLOCK_APART: Final = timedelta(seconds=5)
DISK_FULL: Final = 256 << 20
_HOUR = timedelta(hours=1)
_NEWEST = select(entries.c.at).order_by(entries.c.position.desc()).limit(1)


def checks(house: House, *, now: datetime) -> dict[str, str | None]:
    """None for what is well, else the code of what lacks. Raises nothing."""
    found = {
        "signing": _tried(lambda: _signs(house, now)),
        "database": _tried(lambda: _reached(house)),
    }
    asked: dict[str, Callable[[Connection], None]] = {
        "schema": _schema,
        "consent feed": lambda tx: _fresh(tx, house, now),
        "restored": _not_restored,
        "clock": lambda tx: _in_time(tx, house, now),
    }
    for name, ask in asked.items():
        found[name] = found["database"] or _tried(partial(_asked, house, ask))
    found["ledger"] = found["database"] or _tried(lambda: _written(house, now))
    found["disk"] = _tried(lambda: _room(house))
    return found


def _tried(check: Callable[[], None]) -> str | None:
    try:
        check()
    except MrxError as error:
        return error.code
    except Exception:  # noqa: BLE001  # whatever it is, the answer is "not ready"
        return "MRX-9007"
    return None


def _asked(house: House, ask: Callable[[Connection], None]) -> None:
    with house.database.read() as tx:
        ask(tx)


def _signs(house: House, now: datetime) -> None:
    open_sealed(seal(b"ready?", house.key, now), [house.key.certificate], now)
    following = house.folder / own_keys.NEXT
    if following.with_suffix(".crt").exists() and not following.exists():
        return  # the keys are being changed; the next opening finishes what is interrupted
    keys.load(house.folder / own_keys.KEY, house.keeping)


def _reached(house: House) -> None:
    # A file that was taken away is still written to, by whoever has it open, and then gone for good.
    if not house.database.exists():
        raise NotReady("MRX-9001")


def _schema(tx: Connection) -> None:
    found = migration.current(tx)
    if found != migration.head():
        raise NotReady("MRX-9002", found=found, expected=migration.head())


def _fresh(tx: Connection, house: House, now: datetime) -> None:
    heard = consents.as_of(tx)
    if heard is None or now - heard > house.terms.consents_fresh_for:
        raise NotReady("MRX-2207")


def _not_restored(tx: Connection) -> None:
    # One partner that is silent for days does not take the gateway away from all the others.
    if restored.all_shut(tx):
        raise NotReady(restored.SHUT)


def _in_time(tx: Connection, house: House, now: datetime) -> None:
    newest = tx.scalar(_NEWEST)
    behind = newest is not None and newest - now > CLOCK_APART
    apart = (
        abs(server_settings.clock(tx) - now) > CLOCK_APART
        if isinstance(house.database, PostgreSQL)
        else False
    )
    if behind or apart:
        raise NotReady("MRX-9016")


def _written(house: House, now: datetime) -> None:
    with house.database.write() as tx:
        ledger.add(tx, "ready?", {}, now=now)
        tx.rollback()


def _room(house: House) -> None:
    if shutil.disk_usage(house.folder).free < DISK_FULL:
        raise NotReady("MRX-9017")


@dataclass(frozen=True, slots=True)
class Feed:
    """How fresh a feed of the source is. `bound_hours` is None for one that gates nothing."""

    as_of: datetime | None
    age_hours: float | None
    bound_hours: float | None


def feeds(house: House, *, now: datetime) -> dict[str, Feed]:
    """The age of each feed, in hours; None where it was never heard.

    The consent feed gates: once it is older than its bound, nobody is announced to anyone (P9).
    The feed of members is reported and gates nothing. A member that has not been described for
    long is still a member, its consent still stands, and bad news about it comes as a push; to
    hold announcements back because the source had nothing new to say would only make partners'
    lists older. Whoever watches the gateway sees the age and may raise an alarm of their own.
    """
    with house.database.read() as tx:
        heard = {"consents": consents.as_of(tx), "members": roll.as_of(tx)}
    bound = house.terms.consents_fresh_for / _HOUR
    return {
        name: Feed(
            as_of=at,
            age_hours=None if at is None else round((now - at) / _HOUR, 2),
            bound_hours=bound if name == "consents" else None,
        )
        for name, at in heard.items()
    }

"""Whether the gateway can do its work: each thing it needs, by name, and the code of what lacks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from outbox import ledger
from outbox.house import House
from partners import consents, roll
from schemas import migration
from schemas.errors import MrxError
from signing.open import open_sealed
from signing.seal import seal

_HOUR = timedelta(hours=1)


def checks(house: House, *, now: datetime) -> dict[str, str | None]:
    """None for what is well. The ledger is really written to, and the write taken back."""
    found: dict[str, str | None] = {
        "signing": None,
        "schema": None,
        "ledger": None,
        "consent feed": None,
    }
    try:
        open_sealed(seal(b"ready?", house.key, now), [house.key.certificate], now)
    except MrxError as error:
        found["signing"] = error.code
    with house.database.read() as tx:
        if migration.current(tx) != migration.head():
            found["schema"] = "MRX-9002"
        heard = consents.as_of(tx)
    if heard is None or now - heard > house.terms.consents_fresh_for:
        found["consent feed"] = "MRX-2207"
    try:
        with house.database.write() as tx:
            ledger.add(tx, "ready?", {}, now=now)
            tx.rollback()
    except Exception:  # noqa: BLE001  # whatever it is, the answer is "not ready"
        found["ledger"] = "MRX-9007"
    return found


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

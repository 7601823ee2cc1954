"""Whether the gateway can do its work: each thing it needs, by name, and the code of what lacks."""

from datetime import datetime

from outbox import ledger
from outbox.house import House
from partners import consents
from schemas import migration
from schemas.errors import MrxError
from signing.open import open_sealed
from signing.seal import seal


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

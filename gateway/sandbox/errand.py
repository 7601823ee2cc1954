"""Bringing a receipt to the sender's own door, after the answer: `received` now, `applied` later."""

import logging
import time
from datetime import UTC, datetime

from outbox import asking
from outbox.house import House
from schemas.errors import MrxError

logger = logging.getLogger("mrx.sandbox")

PATH = "/v1/partner/receipts"
TRIES = 60
PAUSE_SECONDS = 0.5


def bring(house: House, sender: str, base: str, sealed: bytes, *, after: float) -> bool:
    """Wait, then post the receipt until it is taken or turned away; say whether it was taken. A
    sender that is down for longer than we try never hears it, as with a partner that forgot.
    """
    time.sleep(after)
    for _ in range(TRIES):
        try:
            reply = asking.ask(
                house,
                base,
                to=sender,
                path=PATH,
                method="POST",
                body=sealed,
                now=datetime.now(UTC),
            )
        except MrxError:
            time.sleep(PAUSE_SECONDS)
            continue
        if reply.status < 500:
            return reply.status < 300
        time.sleep(PAUSE_SECONDS)
    logger.warning("a receipt could not be brought to the sender")
    return False

"""Alarms of a gateway that was restored from a backup, until it knows again what it may believe."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway import other_end
from gateway.views.alarms.alarm import Alarm
from gateway.views.rows import Row
from outbox import restored
from outbox.house import House
from partners import agreements
from schemas.codes import CODES


def unfinished(
    tx: Connection, _house: House, _rows: Sequence[Row], _now: datetime
) -> Iterator[Alarm]:
    """Partners to whom nothing leaves yet, rolls that may lack something, consents not said anew."""
    standing = restored.standing(tx)
    if standing is None or standing.over:
        return
    if standing.consents_owed_since is not None:
        yield Alarm(
            kind="restored, consents owed",
            partner=None,
            bad=True,
            sentence="Restored from a backup: nobody is announced before the source has pushed again"
            f" every consent event since {standing.consents_owed_since:%Y-%m-%d %H:%M:%S} UTC.",
            code="MRX-2207",
            path="/pushes",
            link="Pushes",
        )
    urls = {one.agreement.partner: other_end.address(one) for one in agreements.every(tx)}
    for partner in standing.shut:
        how = (
            "it is asked until it answers"
            if urls.get(partner)
            else "it has no address to be asked at"
        )
        yield Alarm(
            kind="restored, lanes shut",
            partner=partner,
            bad=True,
            sentence=f"{partner}: {CODES[restored.SHUT].title}; nothing leaves, and {how}.",
            code=restored.SHUT,
            path=f"/partners/{partner}",
            link="Cause and repair",
        )
    for partner in standing.unasked:
        if partner not in standing.shut:
            yield Alarm(
                kind="restored, roll incomplete",
                partner=partner,
                bad=False,
                sentence=f"{partner}: restored from a backup; what they told us since is being asked"
                " for.",
                code=None,
                path=f"/partners/{partner}",
                link="The partner",
            )

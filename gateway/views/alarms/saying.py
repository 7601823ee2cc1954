"""Alarms of what may not be said: a closed gate, a stale feed, notices that wait for an operator."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.views.alarms.alarm import Alarm, many
from gateway.views.rows import Row
from gateway.views.span import span
from outbox.house import House
from partners import consents
from schemas.codes import CODES

_OWN_ALARM: Final = {"MRX-2207", "MRX-2212"}


def closed(_tx: Connection, _house: House, rows: Sequence[Row], _now: datetime) -> Iterator[Alarm]:
    """A gate that is closed while something waits behind it. Some causes have their own alarms."""
    for row in rows:
        code = row.closed
        if code is None or code in _OWN_ALARM or not (code == "MRX-2209" or code in row.causes):
            continue
        waits = f"; waiting: {row.causes[code]}" if code in row.causes else ""
        yield Alarm(
            kind="closed",
            partner=row.partner,
            bad=code == "MRX-2209",
            sentence=f"{row.partner}: {CODES[code].title}{waits}.",
            code=code,
            path=f"/partners/{row.partner}/"
            + ("certificates" if code == "MRX-2209" else "agreement"),
            link="What to do",
        )


def feed(tx: Connection, house: House, rows: Sequence[Row], now: datetime) -> Iterator[Alarm]:
    heard, owed_since = consents.feed(tx)
    if owed_since is not None:  # that alarm is another one's
        return
    bound = house.terms.consents_fresh_for
    age = None if heard is None else now - heard
    if age is not None and age <= bound * 0.75:
        return
    stale = age is None or age > bound
    if age is None:
        sentence = "The consent feed has never been heard: nothing may be announced."
    elif stale:
        sentence = f"The consent feed is {span(age)} old, over its bound: nothing is announced."
    else:
        sentence = f"The consent feed is {span(age)} old; at {span(bound)} announcements stop."
    waiting = any(row.causes.get("MRX-2207") for row in rows)
    if age is not None or waiting:  # a gateway that is being set up alarms nobody
        yield Alarm(
            kind="consent feed stale" if stale else "consent feed ageing",
            partner=None,
            bad=stale,
            sentence=sentence,
            code="MRX-2207" if stale else None,
            path="/pushes",
            link="Pushes",
        )


def for_operators(
    _tx: Connection, _house: House, rows: Sequence[Row], _now: datetime
) -> Iterator[Alarm]:
    """Notices that wait for an operator of this gateway, and for nobody else."""
    for row in rows:
        for code, n in row.causes.items():
            if code != row.closed and code in CODES and CODES[code].repairer == "operator":
                yield Alarm(
                    kind="waits for an operator",
                    partner=row.partner,
                    bad=False,
                    sentence=f"{row.partner}: {many(n, 'notice')} waiting: {CODES[code].title}.",
                    code=code,
                    path=f"/failures?partner={row.partner}&code={code}",
                    link="What to do",
                )

"""Partners whose programme is invented, where a row needs more partners than there are formats.

A partner's format is the agreement's, not its code's. So an invented programme speaks the format of
a real one by agreement, and is a partner like any other: a row of agreements, two lanes, a key and
a home of its own. Only a push of consents would not take it, because no consent text names it:
`bench.filling` writes those.
"""

from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from bench import home
from bench.ground import Ground
from gateway import home as homes
from gateway.settings import Settings
from outbox import lane
from outbox.house import House
from schemas.tables import agreements
from schemas.tables import home as homes_

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def code(n: int) -> str:
    """The n-th invented programme, from 0."""
    return f"xx-invented{_LETTERS[n]}"


def agree(tx: Connection, partner: str, *, like: str) -> None:
    """An agreement with this partner, on the terms and in the format of another one's."""
    terms = tx.execute(select(agreements).where(agreements.c.partner == like)).mappings().one()
    tx.execute(insert(agreements).values({**terms, "partner": partner}))
    lane.lay(tx, partner)


def made(ground: Ground, folder: Path, partner: str, *, like: str) -> House:
    """The home of this programme in FOLDER/PARTNER, made as that of `like` and renamed, open."""
    place = folder / partner
    home.give_key(ground, place, partner)
    house = homes.init(Settings(home=place), like)
    with house.database.write() as tx:
        tx.execute(update(homes_).values(programme=partner))
    house.database.close()
    return homes.open_home(Settings(home=place))

"""Inventing a company: its name, and the numbers that every country's authorities would give it.

Pure and deterministic: all chance comes from the generator that is passed in. Numbers are made
from ranges that nobody issues, as far as that is known, and have valid check digits.
"""

import random
import unicodedata
from datetime import date, timedelta

from gateway.demo.words import CITIES, Tongue
from schemas.identifiers import Identifier, mid_rule
from schemas.status import Status

FIRST_MEMBER = date(2002, 4, 16)
LAST_MEMBER = date(2024, 12, 31)
_STATUSES = {
    Status.CERTIFIED: 3_300,
    Status.VALIDATED: 5_000,
    Status.EXCEEDING: 1_200,
    Status.SUSPENDED: 200,
    Status.REMOVED: 150,
    Status.WITHDRAWN: 150,
}
_WORDS, _WEIGHTS = list(_STATUSES), list(_STATUSES.values())


def name(dice: random.Random, tongue: Tongue) -> tuple[str, str]:
    """A name, and the same in Latin letters as one would write it for US customs."""
    stem, roman = _stem(dice, tongue)
    written = dice.choice(tongue.shapes).format(
        stem=stem,
        other=_stem(dice, tongue)[0],
        mark=dice.choice(tongue.marks),
        trade=dice.choice(tongue.trades),
        form=dice.choice(tongue.forms),
    )
    if dice.random() < tongue.capitals:
        written = _plain(written).upper()
    written = unicodedata.normalize("NFC", written.strip())
    return written, written if tongue.latin else f"{roman} Invented Co., Ltd."


def _stem(dice: random.Random, tongue: Tongue) -> tuple[str, str]:
    head, tail = dice.choice(tongue.heads), dice.choice(tongue.tails)
    return head[0] + tail[0], (head[1] + tail[1]).capitalize()


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFD", text)
    return "".join(character for character in split if not unicodedata.combining(character))


def status(dice: random.Random) -> Status:
    """Mostly in good standing; one in twenty suspended, removed or withdrawn."""
    return dice.choices(_WORDS, _WEIGHTS)[0]


def member_since(dice: random.Random) -> date:
    """A day between the programme's first members and a fixed day, whatever the clock says."""
    return FIRST_MEMBER + timedelta(days=dice.randrange((LAST_MEMBER - FIRST_MEMBER).days + 1))


def accounts(dice: random.Random, count: int) -> list[str]:
    """Different account numbers of eight digits."""
    return [str(number) for number in dice.sample(range(10_000_000, 100_000_000), count)]


def mid(dice: random.Random, company: str, place: str) -> Identifier:
    """The MID of a plant in `place`: a country, or a province of Canada."""
    address = f"{dice.randrange(1, 9_900)} Example Street"
    return Identifier("MID", mid_rule.derive(company, address, dice.choice(CITIES[place]), place))

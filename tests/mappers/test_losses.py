"""What does not survive the trip: all of it is written down, and each piece is shown here."""

from collections.abc import Callable
from unicodedata import normalize

import pytest

from mappers import MAPPERS
from mappers.base import Mapper
from schemas.identifiers import Identifier
from tests.mappers.material import heard, record


def normal_form(mapper: Mapper) -> None:
    # Hangul for Korea, whose character set has no Ñ.
    said = record(name="시험무역" if mapper.PROGRAMME == "kr-aeo" else "ÑANDÚ 시험무역")
    taken_apart = normalize("NFD", said.name)
    written = mapper.write([said]).decode().replace(said.name, taken_apart)

    assert taken_apart in written
    assert heard(mapper, written.encode()) == [said]


def dashes(mapper: Mapper) -> None:
    said = record(identifiers=(Identifier("KR-BRN", "9998199992"),))
    written = mapper.write([said]).replace(b"9998199992", b"999-81-99992")

    assert b"999-81-99992" in written
    assert heard(mapper, written) == [said]


SHOWN: dict[str, Callable[[Mapper], None]] = {
    "a name in another normal form than NFC is read in NFC": normal_form,
    "the dashes of a business registration number are not read": dashes,
}


@pytest.mark.parametrize(
    ("programme", "loss"),
    [(programme, loss) for programme, mapper in MAPPERS.items() for loss in mapper.LOSSES],
)
def test_each_loss_is_just_what_it_says(programme: str, loss: str):
    SHOWN[loss](MAPPERS[programme])


def test_nothing_else_is_shown_as_lost():
    assert set(SHOWN) == {loss for mapper in MAPPERS.values() for loss in mapper.LOSSES}

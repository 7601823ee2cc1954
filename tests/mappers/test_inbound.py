"""Members of the partner's own programme, read with the numbers its country issues."""

from pathlib import Path

import pytest

from mappers import MAPPERS, pip
from mappers.base import Mapper, Misread
from schemas.identifiers import SCHEMES, Identifier
from schemas.programme import PROGRAMMES
from tests.mappers.material import heard, record, rows, spoken, there_and_back


def with_value(mapper: Mapper, scheme: str, value: str) -> list[object]:
    """What is read of a document that gives this value, right or wrong, under this scheme."""
    example = next(identifier for identifier in spoken(mapper) if identifier.scheme == scheme)
    written = mapper.write([record(identifiers=(example,))]).decode()
    old = f">{example.value.replace('&', '&amp;')}</"
    new = f">{value.replace('&', '&amp;')}</"
    assert written.count(old) == 1
    return heard(mapper, written.replace(old, new).encode())


def vectors(shared: Path, programme: str) -> list[dict[str, str]]:
    """The published numbers of the programme's own schemes, none of them a real company's."""
    own = PROGRAMMES[programme].schemes
    return [
        row
        for row in rows(shared / "domain" / "identifiers.csv")
        if row["scheme"] in own and "documentation example" not in row["why"]
    ]


def test_each_national_number_is_read_or_refused_as_its_vector_says(mapper: Mapper, shared: Path):
    published = vectors(shared, mapper.PROGRAMME)

    assert len(published) >= 5
    for row in published:
        scheme, value = row["scheme"], row["value"]
        if row["verdict"] == "invalid":
            expected = Misread(record().ref, "MRX-2307")
        else:
            known = Identifier(scheme, SCHEMES[scheme].parse(value))
            expected = record(identifiers=(known,))
        assert with_value(mapper, scheme, value) == [expected], (scheme, value)


def test_every_scheme_of_the_programme_is_read(mapper: Mapper):
    own = tuple(i for i in spoken(mapper) if i.scheme in PROGRAMMES[mapper.PROGRAMME].schemes)
    said = record(identifiers=own)

    assert {i.scheme for i in own} == PROGRAMMES[mapper.PROGRAMME].schemes
    assert there_and_back(mapper, [said]) == [said]


def test_a_plant_in_each_canadian_province_is_read(shared: Path):
    provinces = rows(shared / "data" / "mid" / "province_prefixes.csv")
    plants = tuple(Identifier("MID", f"{row['prefix']}ENTECL100MON") for row in provinces)

    assert len(plants) == 13
    assert {plant.value[0] for plant in plants} == {"X"}
    assert there_and_back(pip, [record(identifiers=plants)]) == [record(identifiers=plants)]


def test_a_mid_that_begins_with_ca_is_refused():
    assert with_value(pip, "MID", "CAENTECL100MON") == [Misread(record().ref, "MRX-2307")]


def test_a_social_security_number_is_refused_in_every_document(mapper: Mapper):
    for number in ("000-12-3456", "000123456"):
        assert with_value(mapper, "ICR", number) == [Misread(record().ref, "MRX-2307")]


@pytest.mark.parametrize("value", ["QXQQ ", " QXQQ", "qxqq", "ＱＸＱＱ", "QXQQ\n"])
def test_a_number_is_never_tidied(mapper: Mapper, value: str):
    assert with_value(mapper, "SCAC", value) == [Misread(record().ref, "MRX-2307")]


def test_a_number_of_another_programme_has_no_place(mapper: Mapper):
    written = mapper.write([record()]).replace(b'"SCAC"', b'"JP-CORP"')

    assert heard(mapper, written) == [Misread(record().ref, "MRX-2306")]


def test_a_status_word_of_another_programme_is_refused(mapper: Mapper):
    word = next(iter(mapper.STATUS_WORDS.values()))
    for other in MAPPERS.values():
        if other is not mapper:
            strange = next(iter(other.STATUS_WORDS.values()))
            written = mapper.write([record()]).replace(
                f">{word}<".encode(), f">{strange}<".encode()
            )
            assert heard(mapper, written) == [Misread(record().ref, "MRX-2307")]

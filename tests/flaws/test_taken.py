"""The other direction: what is right, however seldom it is seen, is taken at both doors."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from mappers import MAPPERS
from schemas import name as names
from schemas import ref as refs
from schemas.programme import PROGRAMMES
from schemas.receipt import Verdict
from schemas.record import Record
from schemas.tables import foreign_members
from signing.open import open_sealed
from tests.conftest import connected_world
from tests.flaws.batches import GONE, REFS, record, written
from tests.flaws.partner_end import PartnerEnd
from tests.flaws.sealed import Bench
from tests.flaws.test_source_door import CSV, Source, codes
from tests.flaws.unusual import INPUTS, LINES, NAMES, SEALED, XML
from tests.schemas.drawn import outcome
from tests.signing.ask import sealed_by_openssl
from tests.signing.forge import CONTENT
from tests.world import World, member

PARTNERS = tuple(code for code in PROGRAMMES if code != "us-ctpat")
KEPT = {text: unicodedata.normalize("NFC", text) for text in NAMES}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[World]:
    made = connected_world(tmp_path_factory.mktemp("home"), key_files, PARTNERS)
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def source(world: World) -> Source:
    return Source(world.house)


@pytest.fixture(scope="module")
def ends(world: World) -> dict[str, PartnerEnd]:
    return {code: PartnerEnd(world, code) for code in PARTNERS}


def held(end: PartnerEnd) -> dict[str, str]:
    """What we hold of a partner: ref and name."""
    f = foreign_members.c
    with end.world.house.database.read() as tx:
        return dict(tx.execute(select(f.ref, f.name).where(f.programme == end.programme)).all())


# -- the source door -----------------------------------------------------------------------------


def test_every_name_is_taken_as_it_is(source: Source):
    """As UTF-8 and by numbers, and as JSON and CSV: the same name in the same normal form."""
    lines = [member(str(30_000_000 + n), name=text) for n, text in enumerate(NAMES)]
    as_rows = io.StringIO(newline="")
    rows = csv.writer(as_rows)
    rows.writerow(["account", "name", "identifiers", "status", "member_since"])
    for n, text in enumerate(NAMES):
        rows.writerow([40_000_000 + n, text, "SCAC:QXQQ", "VALIDATED", "2014-04-07"])

    told = source.push(b"\n".join(map(orjson.dumps, lines)))
    told_in_rows = source.push(as_rows.getvalue().encode(), form=CSV)

    assert codes(told) == codes(told_in_rows) == []
    kept = source.names()
    for n, text in enumerate(NAMES):
        assert kept[str(30_000_000 + n)] == kept[str(40_000_000 + n)] == KEPT[text]


@pytest.mark.parametrize("spelling", LINES)
def test_a_member_is_taken_however_its_line_is_spelt(source: Source, spelling: str):
    source.push(orjson.dumps(member("10000001", name="before")))

    report = source.push(LINES[spelling])

    assert codes(report) == []
    assert source.names()["10000001"] == "Inventada Ñ 한국 🦊"


@pytest.mark.parametrize("form", INPUTS)
def test_an_input_is_taken_however_its_lines_end(source: Source, form: str):
    lines = [orjson.dumps(member(f"1000001{n}", name=f"Invented {form} {n}")) for n in range(3)]

    report = source.push(INPUTS[form](lines))

    assert (codes(report), report["counts"]["accepted"]) == ([], 3)


def test_every_naughty_string_is_a_name_or_has_a_code(source: Source, shared: Path):
    texts = orjson.loads((shared / "data/naughty/blns.json").read_bytes())
    lines = [member(str(50_000_000 + n), name=text) for n, text in enumerate(texts)]

    report = source.push(b"\n".join(map(orjson.dumps, lines)))

    refused = {one["line"] - 1: one["code"] for one in report["rejections"]}
    kept = source.names()
    for n, text in enumerate(texts):
        why = outcome(lambda text=text: names.parse(text))
        if why is None:
            assert kept[str(50_000_000 + n)] == names.parse(text)
        else:
            assert refused.pop(n) == why.code
    assert refused == {}


# -- the partner door ----------------------------------------------------------------------------


def told(code: str, texts: list[str], *, life: int) -> list[Record]:
    """A member of this programme a name, each with a ref of its own."""
    made = []
    for n, text in enumerate(texts):
        body = "".join(refs.ALPHABET[(life << 20 | n) >> shift & 31] for shift in range(50, -1, -5))
        one = record(
            0, ref=body + refs.check_character(body), name=names.parse(text), identifiers=()
        )
        if MAPPERS[code].unsayable(one) is None:
            made.append(one)
    return made


@pytest.mark.parametrize("code", PARTNERS)
def test_every_name_a_partner_can_say_is_held_as_it_is(ends, code: str):
    end, records = ends[code], told(code, list(NAMES), life=1)
    assert len(records) > 10

    receipt = end.close(
        written(*records, number=end.number, previous=end.previous, programme=code, withdrawn=())
    )

    assert (receipt.verdict, receipt.refused) == (Verdict.ALL, ())
    assert held(end).items() >= {one.ref: one.name for one in records}.items()


@pytest.mark.parametrize("code", PARTNERS)
def test_a_name_in_another_normal_form_is_held_in_ours(ends, code: str):
    """Their software need not compose what a person's keyboard did not."""
    end, (one,) = (
        ends[code],
        told(code, ["Invented Pen\u0303a"], life=2) or told(code, ["Kasan"], life=2),
    )
    content = written(one, number=end.number, previous=end.previous, programme=code, withdrawn=())
    apart = unicodedata.normalize("NFD", one.name)

    receipt = end.close(content.replace(one.name.encode(), apart.encode()))

    assert receipt.verdict is Verdict.ALL
    assert held(end)[one.ref] == one.name


@pytest.mark.parametrize("spelling", XML)
def test_a_batch_is_taken_however_its_xml_is_spelt(ends, spelling: str):
    end = ends["mx-neec"]
    members = [record(n, version=1_000 + end.number) for n in range(3)]
    content = written(*members, number=end.number, previous=end.previous)

    receipt = end.close(XML[spelling](content))

    assert (receipt.verdict, receipt.refused) == (Verdict.ALL, ())
    assert held(end).items() >= {one.ref: one.name for one in members}.items()
    assert held(end).get(GONE) is None
    assert set(REFS) <= held(end).keys()


def sealed_otherwise(end: PartnerEnd, key: Path, *words: str) -> bytes:
    content = written(
        record(0, version=1_000 + end.number), number=end.number, previous=end.previous
    )
    return sealed_by_openssl(content, key, *words)


@pytest.mark.second_opinion
@pytest.mark.parametrize("words", [(), ("-cades",), ("-binary",)], ids=str)
def test_what_openssl_seals_is_taken(ends, key_files: dict[str, Path], words: tuple[str, ...]):
    from hashlib import sha256

    end = ends["mx-neec"]
    file = sealed_otherwise(end, key_files["mx-neec"], *words)

    answer = end.bring(file)

    assert answer.status_code == 200, answer.text
    end.number, end.previous = end.number + 1, sha256(file).hexdigest()


@pytest.mark.second_opinion
@pytest.mark.parametrize("form", SEALED)
@pytest.mark.parametrize("code", ["us-ctpat", "mx-neec"], ids=["rsa", "p256"])
def test_a_file_opens_however_it_was_sealed(
    world: World, key_files: dict[str, Path], form: str, code: str
):
    key = world.house.key if code == "us-ctpat" else world.partners[code].key
    bench = Bench(key=key, key_file=key_files[code], stranger=key, stranger_file=key_files[code])

    opened = open_sealed(SEALED[form](bench), [key.certificate], datetime.now(UTC))

    assert opened.content == CONTENT

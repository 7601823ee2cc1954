"""`mrx translate`: there and back, in every script, without a home."""

import csv
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from mappers import MAPPERS
from schemas.document import xsd_path
from tests.gateway.cli.command import Mrx, lines
from tests.world import member

SOURCES = (
    ("latin-us.csv", "name"),
    ("latin-ca.csv", "name"),
    ("latin-mx.csv", "name"),
    ("zh-hant-tw-2.csv", "name_zh"),
    ("ja-jp.csv", "name_ja"),
    ("ko-kr.csv", "name_ko"),
)
PER_SOURCE = 300
ITEMS = ("name", "identifiers", "status", "member_since")
OWN = {
    "mx-neec": ("MX-RFC", "ZZÑ010101AA1"),
    "ca-pip": ("CA-BN9", "999000017"),
    "tw-aeo": ("TW-UBN", "99990003"),
    "il-aeo": ("IL-HP", "599900008"),
    "kr-aeo": ("KR-BRN", "9998199992"),
}
each_programme = pytest.mark.parametrize("programme", MAPPERS)


@pytest.fixture
def nowhere(tmp_path: Path) -> Mrx:
    """A command line without a home, which these commands do not need."""
    return Mrx(tmp_path / "no" / "home")


def back(mrx: Mrx, programme: str, path: Path) -> list[dict[str, Any]]:
    said = path.with_suffix(".back")
    mrx("translate", "from", programme, path.with_suffix(".xml"), "-o", said)
    return [orjson.loads(line) for line in said.read_bytes().splitlines()]


def items(record: dict[str, Any]) -> dict[str, Any]:
    return {item: record[item] for item in ITEMS}


def write(path: Path, members: list[dict[str, Any]]) -> Path:
    path.write_bytes(lines(*members))
    return path


def real_names(shared: Path) -> list[str]:
    names: list[str] = []
    for file, column in SOURCES:
        with (shared / "data" / "names" / file).open(encoding="utf-8", newline="") as rows:
            found = [row[column] for row in csv.DictReader(rows) if row[column].strip()]
        names += found[:PER_SOURCE]
    return names


@pytest.mark.slow
@each_programme
def test_real_names_come_back_as_they_went_or_are_listed(
    programme: str, nowhere: Mrx, shared: Path, tmp_path: Path
):
    statuses = list(MAPPERS[programme].STATUS_WORDS)
    members = [
        member(str(10_000_000 + n), name=name, status=statuses[n % len(statuses)].value)
        for n, name in enumerate(real_names(shared))
    ]
    path = write(tmp_path / "members.ndjson", members)

    said = nowhere(
        "translate", "to", programme, path, "-o", path.with_suffix(".xml"), "--json", code=None
    )
    result = orjson.loads(said.stdout_bytes)
    left_out = {one["line"]: one["code"] for one in result["rejections"]}
    sayable = [one for line, one in enumerate(members, 1) if line not in left_out]

    assert [items(one) for one in back(nowhere, programme, path)] == [items(one) for one in sayable]
    assert said.exit_code == (3 if left_out else 0)
    assert all(code.startswith("MRX-21") for code in left_out.values())
    assert result["translated"] + result["rejected"] == result["read"] == len(members)
    assert all(f"line {line}: {code} " in said.stderr for line, code in left_out.items())


@each_programme
def test_the_programmes_own_members_come_back_too(programme: str, nowhere: Mrx, tmp_path: Path):
    scheme, value = OWN[programme]
    ours = member("10000001", identifiers=[{"scheme": scheme, "value": value}])
    path = write(tmp_path / "members.ndjson", [ours])

    nowhere("translate", "to", programme, path, "-o", path.with_suffix(".xml"))

    [returned] = back(nowhere, programme, path)
    assert items(returned) == items(ours)
    assert returned.keys() == {"ref", *ITEMS}


def test_the_account_stays_home(nowhere: Mrx, tmp_path: Path):
    path = write(tmp_path / "members.ndjson", [member("10000001", name="Invented Carrier")])

    document = nowhere("translate", "to", "mx-neec", path).stdout_bytes
    returned = nowhere("translate", "from", "mx-neec", "-", stdin=document).stdout_bytes

    assert b"10000001" not in document
    assert b"10000001" not in returned
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')


def test_references_are_drawn_anew_each_time(nowhere: Mrx, tmp_path: Path):
    path = write(tmp_path / "members.ndjson", [member("10000001")])

    first, second = (nowhere("translate", "to", "ca-pip", path).stdout for _ in range(2))

    assert first != second


@each_programme
@pytest.mark.second_opinion
def test_documents_are_valid_for_xmllint(
    programme: str, nowhere: Mrx, tmp_path: Path, xmllint: str
):
    path = write(tmp_path / "m.ndjson", [member("10000001"), member("10000002", name="A & <B>")])
    document = path.with_suffix(".xml")
    nowhere("translate", "to", programme, path, "-o", document)

    xsd = xsd_path(MAPPERS[programme].FORMAT)
    said = subprocess.run(
        [xmllint, "--noout", "--nonet", "--schema", xsd, document], check=False, capture_output=True
    )

    assert said.returncode == 0, said.stderr


def test_bad_lines_and_the_unsayable_are_listed_and_the_rest_is_translated(
    nowhere: Mrx, tmp_path: Path
):
    path = tmp_path / "members.ndjson"
    path.write_bytes(
        lines(member("10000001"), member("10000002", name="ᚠᚢᚦ Invented"))
        + b"nonsense\n"
        + lines(member("10000004", identifiers=[{"scheme": "MX-RFC", "value": "ZZÑ010101AA1"}]))
    )

    order = ("translate", "to", "kr-aeo", path, "-o", path.with_suffix(".xml"))
    answer = nowhere.json(*order, code=3)
    said = nowhere(*order, code=3)

    assert [(r["line"], r["account"], r["code"]) for r in answer["rejections"]] == [
        (2, "10000002", "MRX-2101"),
        (3, None, "MRX-1002"),
        (4, "10000004", "MRX-1106"),
    ]
    assert (answer["read"], answer["translated"]) == (4, 1)
    assert [line.split(" ")[1:3] for line in said.stderr.splitlines()[:3]] == [
        ["2:", "MRX-2101"],
        ["3:", "MRX-1002"],
        ["4:", "MRX-1106"],
    ]
    assert [one["name"] for one in back(nowhere, "kr-aeo", path)] == ["Invented Company 10000001"]


def test_records_that_cannot_be_taken_are_listed_and_the_rest_is_read(nowhere: Mrx, tmp_path: Path):
    path = write(tmp_path / "members.ndjson", [member("10000001"), member("10000002")])
    document = path.with_suffix(".xml")
    nowhere("translate", "to", "mx-neec", path, "-o", document)
    document.write_bytes(document.read_bytes().replace(b"validada", b"dorada", 1))

    order = ("translate", "from", "mx-neec", document, "-o", tmp_path / "back")
    answer = nowhere.json(*order, code=3)
    said = nowhere(*order, code=3)

    [left_out] = answer["rejections"]
    assert (left_out["code"], len(left_out["ref"])) == ("MRX-2307", 12)
    assert f"ref {left_out['ref']}: MRX-2307 " in said.stderr
    assert len((tmp_path / "back").read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "MRX-2302"),
        (b"<operadores/>", "MRX-2305"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "MRX-2303"),
        (b"<" * 2_000_000, "MRX-2304"),
        (b" " * (25 << 20), "MRX-2301"),
    ],
    ids=["empty", "other", "entities", "costly", "large"],
)
def test_a_document_that_is_none_fails_and_leaves_the_old_file_alone(
    document: bytes, code: str, nowhere: Mrx, tmp_path: Path
):
    (tmp_path / "in.xml").write_bytes(document)
    (tmp_path / "out").write_bytes(b"as it was")

    order = ("translate", "from", "mx-neec", tmp_path / "in.xml", "-o", tmp_path / "out")

    assert f"error: {code} " in nowhere(*order, code=1).stderr
    assert (tmp_path / "out").read_bytes() == b"as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.xml", "out"]


@pytest.mark.parametrize("verb", ["to", "from"])
def test_unknown_programmes_and_files_are_refused(verb: str, nowhere: Mrx, tmp_path: Path):
    assert "MRX-5001" in nowhere("translate", verb, "us-ctpat", "-", code=1).stderr
    assert "MRX-5009" in nowhere("translate", verb, "mx-neec", tmp_path / "no", code=1).stderr


def test_a_file_that_cannot_be_written_fails(nowhere: Mrx, tmp_path: Path):
    path = write(tmp_path / "members.ndjson", [member("10000001")])

    said = nowhere("translate", "to", "mx-neec", path, "-o", tmp_path / "no" / "x.xml", code=1)

    assert "error: MRX-5012 " in said.stderr


def test_a_pipe_is_written_to_and_not_replaced(nowhere: Mrx, tmp_path: Path):
    path = write(tmp_path / "members.ndjson", [member("10000001")])
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as threads:
        reader = threads.submit((tmp_path / "pipe").read_bytes)
        nowhere("translate", "to", "mx-neec", path, "-o", tmp_path / "pipe")

    assert reader.result().startswith(b"<?xml")
    assert (tmp_path / "pipe").is_fifo()


def test_stdout_holds_one_thing(nowhere: Mrx, tmp_path: Path):
    path = write(tmp_path / "members.ndjson", [member("10000001")])

    assert "--output" in nowhere("translate", "to", "mx-neec", path, "--json", code=2).stderr


@pytest.mark.slow
def test_a_document_too_large_to_be_read_back_is_said_so(nowhere: Mrx, tmp_path: Path):
    many = [{"scheme": "SCAC", "value": f"QX{a}{b}"} for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJ"]
    members = [member(str(10_000_000 + n), identifiers=many) for n in range(3_300)]
    path = write(tmp_path / "members.ndjson", members)

    said = nowhere("translate", "to", "mx-neec", path, "-o", tmp_path / "out.xml")

    assert "MRX-2304" in said.stderr

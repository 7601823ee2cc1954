"""`mrx push`: counts that add up, codes by line, exit codes that scripts can rely on."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from tests.gateway.cli.command import Mrx, lines
from tests.world import member

BAD = b"""{"account":"10000001","name":"Invented One","identifiers":[],"status":"CERTIFIED","member_since":"2014-04-07"}
not json
{"account":"10000001","name":"Invented Two","identifiers":[],"status":"CERTIFIED","member_since":"2014-04-07"}
{"account":"10000003","name":"Invented Three","identifiers":[{"scheme":"ICR","value":"123-45-6789"}],"status":"CERTIFIED","member_since":"2014-04-07"}
{"account":"10000004","name":"Invented Four","identifiers":[],"status":"GOLD","member_since":"2014-04-07","owner_ssn":"x"}
"""
CSV = b"""account,name,identifiers,status,member_since
10000001,"Invented, One",SCAC:QXQQ,CERTIFIED,2014-04-07
"""
GRANTED = {
    "account": "10000001",
    "programme": "mx-neec",
    "event": "granted",
    "at": "2014-08-20T12:00:00Z",
    "officer": {"title": "Vice President"},
    "text_version": "neec-2014",
}


def test_rejections_are_reported_by_line_and_code_and_the_rest_is_taken(mrx: Mrx, tmp_path: Path):
    file = tmp_path / "members.ndjson"
    file.write_bytes(BAD)

    answer = mrx.json("push", "members", file, code=3)

    assert {name: answer[name] for name in ("read", "accepted", "unchanged", "rejected")} == {
        "read": 5,
        "accepted": 1,
        "unchanged": 0,
        "rejected": 4,
    }
    assert [(r["line"], r["account"], r["code"]) for r in answer["rejections"]] == [
        (2, None, "MRX-1002"),
        (3, "10000001", "MRX-1113"),
        (4, "10000003", "MRX-1108"),
        (5, "10000004", "MRX-1110"),
    ]
    assert all(r["reason"] for r in answer["rejections"])
    assert answer["dropped_fields"] == 1
    assert answer["dry_run"] is False
    assert [row["account"] for row in mrx.json("roll", "list", "us-ctpat")] == ["10000001"]


def test_for_people_the_rejected_lines_are_the_answer_and_the_counts_are_talk(
    mrx: Mrx, tmp_path: Path
):
    file = tmp_path / "members.ndjson"
    file.write_bytes(BAD)

    said = mrx("push", "members", file, code=3)

    assert [row.split("\t")[2] for row in said.stdout.splitlines()] == [
        "MRX-1002",
        "MRX-1113",
        "MRX-1108",
        "MRX-1110",
    ]
    assert "Took 1 of 5 lines" in said.stderr


def test_the_same_push_twice_changes_nothing(mrx: Mrx):
    mrx.push(member("10000001"))

    again = mrx.push(member("10000001"))

    assert (again["accepted"], again["unchanged"], again["rejected"]) == (0, 1, 0)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(mrx: Mrx):
    answer = mrx.json("push", "members", "-", "--dry-run", stdin=lines(member("10000001")))

    assert (answer["accepted"], answer["dry_run"]) == (1, True)
    assert mrx.json("roll", "list", "us-ctpat") == []


@pytest.mark.parametrize("name", ["m.csv", "m.csv.gz", "m.CSV"])
def test_csv_is_told_by_its_name_also_where_it_is_compressed(name: str, mrx: Mrx, tmp_path: Path):
    (tmp_path / name).write_bytes(gzip.compress(CSV) if name.endswith("gz") else CSV)

    assert mrx.json("push", "members", tmp_path / name)["accepted"] == 1
    assert mrx.json("roll", "list", "us-ctpat")[0]["name"] == "Invented, One"


def test_csv_on_stdin_is_told_by_its_first_character(mrx: Mrx):
    assert mrx.json("push", "members", "-", stdin=CSV)["accepted"] == 1


def test_a_compressed_file_that_breaks_off_withdraws_nobody(mrx: Mrx, tmp_path: Path):
    everyone = [member(str(10_000_000 + n)) for n in range(40)]
    mrx.push(*everyone)
    file = tmp_path / "members.ndjson.gz"
    file.write_bytes(gzip.compress(lines(*everyone))[:-20])

    answer = mrx.json("push", "members", file, "--mode", "snapshot", "--approve", code=3)

    assert answer["withdrawn"] == 0
    assert "ended early" in answer["note"]


@pytest.mark.parametrize("source", ["stdin", "fifo"])
def test_a_full_list_that_cannot_be_rewound_is_read_twice_all_the_same(
    source: str, mrx: Mrx, tmp_path: Path
):
    mrx.push(member("10000001"), member("10000002"))
    left = lines(member("10000002"))
    if source == "stdin":
        answer = mrx.json("push", "members", "-", "--mode", "snapshot", stdin=left)
    else:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        writer = threading.Thread(target=fifo.write_bytes, args=(left,))
        writer.start()
        answer = mrx.json("push", "members", fifo, "--mode", "snapshot")
        writer.join()

    assert (answer["read"], answer["unchanged"], answer["withdrawn"]) == (1, 1, 1)
    assert sorted(path.name for path in mrx.home.iterdir() if "db" not in path.name) == ["keys"]


def test_a_full_list_that_withdraws_too_many_waits_for_approval(mrx: Mrx):
    mrx.push(*(member(str(10_000_000 + n)) for n in range(40)))
    few = [member(str(10_000_000 + n)) for n in range(20)]

    waits = mrx.push(*few, mode="snapshot", code=6)

    assert waits["waiting"] == [{"where": "roll", "withdrawn": 20, "of": 40}]
    assert (waits["accepted"], waits["withdrawn"]) == (0, 0)
    assert len(mrx.json("roll", "list", "us-ctpat")) == 40

    taken = mrx.json("push", "members", "-", "--mode", "snapshot", "--approve", stdin=lines(*few))

    assert (taken["withdrawn"], taken["waiting"]) == (20, [])
    assert len(mrx.json("roll", "list", "us-ctpat")) == 20


def test_waiting_outranks_rejections_also_in_a_dry_run(mrx: Mrx):
    mrx.push(*(member(str(10_000_000 + n)) for n in range(40)))
    few = lines(member("10000000"), member("10000001", status="GOLD"))

    answer = mrx.json("push", "members", "-", "--mode", "snapshot", "--dry-run", code=6, stdin=few)

    assert (answer["rejected"], len(answer["waiting"])) == (1, 1)
    assert (
        "--approve" in mrx("push", "members", "-", "--mode", "snapshot", code=6, stdin=few).stderr
    )


def test_what_is_older_than_what_is_known_is_ignored(mrx: Mrx):
    mrx.push(member("10000001"))

    answer = mrx.json(
        "push",
        "members",
        "-",
        "--as-of",
        "2020-01-01T06:00Z",
        stdin=lines(member("10000001", status="REMOVED")),
    )

    assert (answer["ignored"], answer["accepted"]) == (1, 0)


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2026-01-01T00:00:00", "MRX-1204"),
        ("2026-01-01", "MRX-1204"),
        ("2025-02-30T00:00:00Z", "MRX-1204"),
        ("0001-01-01T00:00:00+23:59", "MRX-1204"),
        ("yesterday", "MRX-1204"),
        ("9998-01-01T00:00:00Z", "MRX-1205"),
    ],
)
@pytest.mark.parametrize("what", ["members", "consents"])
def test_a_moment_without_zone_or_in_the_future_is_a_usage_error(
    what: str, time: str, code: str, mrx: Mrx
):
    assert code in mrx("push", what, "-", "--as-of", time, code=2, stdin=b"").stderr


@pytest.mark.parametrize("path", ["missing.ndjson", "."])
def test_a_file_that_cannot_be_read_fails(path: str, mrx: Mrx, tmp_path: Path):
    assert "MRX-5009" in mrx("push", "members", tmp_path / path, code=1).stderr


def test_consents_are_taken_and_what_is_taken_back_names_its_revocation(mrx: Mrx):
    mrx.push(member("10000001"))
    revoked = {**GRANTED, "event": "revoked", "at": "2015-01-01T00:00:00Z"}
    unknown = {**GRANTED, "account": "10000009"}

    given = mrx.json("push", "consents", "-", code=3, stdin=lines(GRANTED, unknown))
    taken = mrx.json("push", "consents", "-", stdin=lines(revoked))

    assert (given["accepted"], given["rejected"]) == (1, 1)
    assert given["rejections"][0]["code"] == "MRX-1201"
    assert taken["revocations"] == [1]
    assert mrx.json("revocation", "show", "1")["account"] == "10000001"


def test_a_dry_run_of_consents_changes_nothing(mrx: Mrx):
    mrx.push(member("10000001"))
    before = mrx.json("ledger", "verify")

    mrx.json("push", "consents", "-", "--dry-run", stdin=lines(GRANTED))

    assert mrx.json("consent", "list", "10000001") == []
    assert mrx.json("ledger", "verify") == before


def test_the_person_who_pushes_is_kept(mrx: Mrx):
    mrx.push(member("10000001"))

    mrx.json("push", "consents", "-", stdin=lines(GRANTED))

    assert mrx.json("consent", "list", "10000001")[0]["recorded_by"] == "jdoe"


def test_a_dry_run_says_what_each_partner_would_hear(mrx: Mrx):
    told = mrx.json("push", "members", "-", "--dry-run", stdin=lines(member("10000001")))

    assert told["plan"]["mx-neec"] == {
        "new": 0,
        "changed": 0,
        "withdrawn": 0,
        "unchanged": 0,
        "no_consent": 1,
        "blocked": {},
    }
    said = mrx("push", "members", "-", "--dry-run", stdin=lines(member("10000001"))).stderr
    assert "mx-neec: 0 new, 0 changed, 0 withdrawn, 0 unchanged, 1 without consent" in said
    assert mrx.json("push", "members", "-", stdin=lines(member("10000001")))["plan"] is None

"""The body of a push: its formats, and what cannot be read whole."""

import gzip
import zlib

import pytest

from schemas.tables import pushes
from tests.flaws.costs import within
from tests.gateway.api.source.push_calls import (
    Caller,
    digest,
    lines,
    on_roll,
    rows,
    spooled,
)
from tests.world import World, member

CSV = (
    b"account,name,identifiers,status,member_since\n"
    b"10000001,Invented Company 10000001,SCAC:QXQQ,VALIDATED,2014-04-07\n"
    b"123,Invented Company 123,,VALIDATED,2014-04-07\n"
)


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=UTF-8"])
def test_lines_of_json_have_more_names_than_one(pusher: Caller, kind: str):
    answer = pusher.push(lines(member("10000001")), headers={"Content-Type": kind})

    assert answer.json()["counts"]["accepted"] == 1


def test_csv_is_taken(pusher: Caller, small_world: World):
    told = pusher.push(CSV, headers={"Content-Type": "text/csv"}).json()

    assert (told["format"], told["counts"]["accepted"]) == ("csv", 1)
    assert [(r["line"], r["code"]) for r in told["rejections"]] == [(3, "MRX-1101")]
    assert on_roll(small_world.house) == {"10000001"}


@pytest.mark.parametrize(
    ("path", "body", "code", "named"),
    [
        pytest.param("members", b"", "MRX-1007", "column: account", id="nothing"),
        pytest.param(
            "members", CSV.replace(b",status", b",state"), "MRX-1007", "column: status", id="lacks"
        ),
        pytest.param("consents", CSV, "MRX-1007", "column: programme", id="of the other kind"),
        pytest.param(
            "members",
            CSV.replace(b"account,name", b"account,account,name", 1),
            "MRX-1003",
            "column: account",
            id="a column twice",
        ),
        pytest.param("members", CSV.decode().encode("utf-16"), "MRX-1001", "", id="utf-16"),
        pytest.param("members", b"{}", "MRX-1007", "column: account", id="json"),
    ],
)
def test_a_csv_under_whose_header_nothing_can_be_read_is_no_push(
    pusher: Caller, small_world: World, path, body, code, named
):
    answer = pusher.push(body, kind=path, headers={"Content-Type": "text/csv"})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert named in answer.json()["title"]
    assert rows(small_world.house, pushes) == []
    assert spooled(small_world.house) == set()


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(gzip.compress, id="one member"),
        pytest.param(
            lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:]), id="two members"
        ),
    ],
)
def test_gzip_is_taken(pusher: Caller, small_world: World, pack):
    body = pack(lines(member("10000001"), member("10000002")))

    answer = pusher.push(body, headers={"Content-Encoding": "gzip", **digest(body)})

    assert answer.json()["counts"]["accepted"] == 2
    assert answer.json()["bytes"] == len(body)
    assert on_roll(small_world.house) == {"10000001", "10000002"}


def bomb() -> bytes:
    """A hundred thousand times smaller than what it becomes: gzip of gzip would be more."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64)) + packer.flush()


def test_a_million_bytes_of_empty_packets_cost_no_more_than_as_many_honest_ones(pusher: Caller):
    """Each is a whole gzip file of nothing: behind each, what follows must not be copied anew."""
    nothing = gzip.compress(b"", mtime=0)
    flood = nothing * (1_000_000 // len(nothing))
    honest = lines(*(member(str(10_000_000 + n)) for n in range(6_000)))

    within(
        lambda: pusher.push(flood, headers={"Content-Encoding": "gzip"}),
        lambda: pusher.push(honest),
        4,
    )


GOOD = lines(member("10000001"))


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(GOOD, {"Content-Type": "application/json"}, 415, "MRX-7009", id="json"),
        pytest.param(GOOD, {"Content-Type": ""}, 415, "MRX-7009", id="no type"),
        pytest.param(
            GOOD,
            {"Content-Type": "text/csv; charset=latin-1"},
            415,
            "MRX-7009",
            id="other characters",
        ),
        pytest.param(
            GOOD,
            {"Content-Type": "text/csv; charset = utf-16"},
            415,
            "MRX-7009",
            id="other characters, between blanks",
        ),
        pytest.param(
            GOOD,
            {"Content-Type": "text/csv; charset*=latin-1"},
            415,
            "MRX-7009",
            id="other characters, with an asterisk",
        ),
        pytest.param(GOOD, {"Content-Encoding": "br"}, 415, "MRX-7009", id="other coding"),
        pytest.param(GOOD, {"Content-Encoding": "gzip, gzip"}, 415, "MRX-7009", id="packed twice"),
        pytest.param(GOOD, {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="not packed"),
        pytest.param(b"", {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="empty, not packed"),
        pytest.param(
            gzip.compress(GOOD)[:-4], {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="cut off"
        ),
        pytest.param(
            gzip.compress(GOOD) + b"more", {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="more"
        ),
        pytest.param(bomb(), {"Content-Encoding": "gzip"}, 413, "MRX-7010", id="a bomb"),
        pytest.param(b"x" * ((1 << 20) + 1), {}, 413, "MRX-7010", id="too large"),
        pytest.param(GOOD, digest(b"other"), 400, "MRX-7006", id="another digest"),
        pytest.param(GOOD, digest(b"other", "sha-512"), 400, "MRX-7006", id="another sha-512"),
        pytest.param(GOOD, {"Content-Digest": "sha-256=abc"}, 400, "MRX-7006", id="no digest"),
        pytest.param(
            GOOD, {"Content-Digest": "sha-256=:YWJj:"}, 400, "MRX-7006", id="a short digest"
        ),
        pytest.param(
            GOOD, {"Content-Digest": "sha-256=:Y:"}, 400, "MRX-7006", id="a broken digest"
        ),
    ],
)
def test_what_cannot_be_read_whole_is_turned_away_before_anything_is_taken(
    small_world: World, body: bytes, headers: dict[str, str], status: int, code: str
):
    from fastapi.testclient import TestClient

    from gateway.app import build
    from gateway.settings import Settings
    from gateway.tokens import Scope

    house = small_world.house
    settings = Settings(home=house.folder, push_bytes_max=1 << 20)
    pusher = Caller(TestClient(build(house, settings)), house, (Scope.PUSH,))

    answer = pusher.push(body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert on_roll(house) == set()
    assert rows(house, pushes) == []
    assert spooled(house) == set()

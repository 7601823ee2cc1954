"""One member, put by itself."""

import pytest

from tests.gateway.api.source.push_calls import (
    AS_OF,
    Caller,
    lines,
    on_roll,
    spooled,
)
from tests.world import World, member


def put(caller: Caller, account: str, fields: dict[str, object], **query: str):
    return caller("PUT", f"/members/{account}", json=fields, params=query)


def without_account(account: str) -> dict[str, object]:
    return {name: value for name, value in member(account).items() if name != "account"}


@pytest.mark.parametrize("fields", [member("10000001"), without_account("10000001")])
def test_one_member_is_put(pusher: Caller, small_world: World, fields: dict[str, object]):
    answer = put(pusher, "10000001", fields)

    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"]["accepted"] == 1
    assert on_roll(small_world.house) == {"10000001"}
    assert put(pusher, "10000001", fields).json()["counts"]["unchanged"] == 1


def test_a_member_over_several_lines_is_one_member(pusher: Caller, small_world: World):
    import json

    body = json.dumps(member("10000001"), indent=2).replace("\n", "\r\n")

    answer = pusher(
        "PUT",
        "/members/10000001",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 200, answer.text
    assert on_roll(small_world.house) == {"10000001"}


def test_a_member_as_it_was_is_older_than_what_is_known(pusher: Caller):
    put(pusher, "10000001", member("10000001"), as_of=AS_OF)

    older = put(pusher, "10000001", member("10000001", name="Old"), as_of="2026-01-01T00:00:00Z")

    assert older.json()["counts"]["ignored"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b'{"status": "?"}', "MRX-1110", id="an unknown status"),
        pytest.param(b"{}", "MRX-1110", id="nothing"),
        pytest.param(b"[]", "MRX-1002", id="a list"),
        pytest.param(b"", "MRX-1002", id="no body"),
        pytest.param(b'{"name": "A", "name": "B"}', "MRX-1003", id="a key twice"),
        pytest.param(b'{"account": "10000002"}', "MRX-7003", id="another account"),
        pytest.param(b'{"account": 10000001}', "MRX-7003", id="a number"),
        pytest.param(b"\xff", "MRX-1001", id="no UTF-8"),
        pytest.param(b'{"name": "A\nB"}', "MRX-1002", id="a line end in a name"),
        pytest.param(b'{"name": "A\rB"}', "MRX-1002", id="a carriage return in a name"),
        pytest.param(b'{"na\nme": "A"}', "MRX-1002", id="a line end in a key"),
        pytest.param(b'{"x": tr\nue}', "MRX-1002", id="a line end in a word"),
        pytest.param(b'\x0c{"name": "A"}', "MRX-1002", id="a form feed before it"),
        pytest.param(b'{"name": "A"}\x0b', "MRX-1002", id="a vertical tab behind it"),
    ],
)
def test_a_member_that_cannot_be_taken_is_a_problem(
    pusher: Caller, small_world: World, body: bytes, code: str
):
    headers = {"Content-Type": "application/json"}
    answer = pusher("PUT", "/members/10000001", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert on_roll(small_world.house) == set()
    assert spooled(small_world.house) == set()


def test_a_member_larger_than_a_line_is_too_large(pusher: Caller):
    answer = put(pusher, "10000001", member("10000001", name="x" * (1 << 20)))

    assert (answer.status_code, answer.json()["code"]) == (413, "MRX-7010")


def test_no_problem_repeats_what_was_sent(pusher: Caller):
    secret = "Planted Invented Company"
    for answer in (
        put(pusher, "10000001", member("10000001", name=secret, status="?")),
        put(pusher, "10000001", member("10000002", name=secret)),
        pusher.push(lines(member("1", name=secret)), as_of=secret),
        pusher.push(lines(member("1", name=secret)), headers={"Content-Type": "text/html"}),
    ):
        assert answer.status_code >= 400
        assert secret not in answer.text
        assert "10000002" not in answer.text

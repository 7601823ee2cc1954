"""`mrx partner`: connecting, pausing, and what stands in the way."""

import socket
from pathlib import Path

import httpx2
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.cli.connecting import base_url
from gateway.views import replays
from schemas.errors import BadRequest
from tests.gateway.cli.command import Mrx
from tests.world import World, member

URL = "https://neec.example"


def ledger_kinds(mrx: Mrx) -> int:
    return int(mrx.json("ledger", "verify")["entries"])


def test_connecting_enables_the_exchange_and_pins_the_certificate(mrx: Mrx, certificate: Path):
    assert mrx.json("partner", "show", "mx-neec")["exchange"] == "MRX-2202"

    connected = mrx.json(
        "partner", "connect", "mx-neec", "--push", f"{URL}/", "--certificate", certificate
    )

    shown = mrx.json("partner", "show", "mx-neec")
    assert (connected["changed"], connected["push_url"]) == (True, URL)
    assert (shown["enabled"], shown["push_url"]) == (True, URL)
    # Nobody has heard from the consent feed yet.
    assert (shown["exchange"], shown["repair"] is not None) == ("MRX-2207", True)
    assert [c["fingerprint"] for c in shown["certificates"]] == [connected["certificate"]]
    assert shown["certificates"][0]["valid"] is True


def test_connecting_twice_changes_nothing(mrx: Mrx, certificate: Path):
    order = ("partner", "connect", "mx-neec", "--push", URL, "--certificate", certificate)
    mrx(*order)
    before = ledger_kinds(mrx)

    assert mrx.json(*order)["changed"] is False
    assert ledger_kinds(mrx) == before


def test_connecting_with_another_certificate_keeps_both_and_the_address(
    mrx: Mrx, certificate: Path, made, tmp_path: Path
):
    mrx("partner", "connect", "mx-neec", "--push", URL, "--certificate", certificate)
    second = tmp_path / "second.crt"
    second.write_bytes(Mrx(made("ca-pip"))("certificate").stdout_bytes)

    mrx("partner", "connect", "mx-neec", "--certificate", second)

    shown = mrx.json("partner", "show", "mx-neec")
    assert len(shown["certificates"]) == 2
    assert shown["push_url"] == URL


def test_a_certificate_belongs_to_one_partner(mrx: Mrx, certificate: Path):
    mrx("partner", "connect", "mx-neec", "--push", URL, "--certificate", certificate)

    said = mrx("partner", "connect", "ca-pip", "--push", URL, "--certificate", certificate, code=1)

    assert said.stderr.startswith("error: MRX-5005 ")
    refused = mrx.json("partner", "show", "ca-pip")
    assert (refused["enabled"], refused["push_url"], refused["certificates"]) == (False, None, [])


def test_without_an_address_the_partner_pulls(mrx: Mrx, certificate: Path):
    mrx("partner", "connect", "mx-neec", "--certificate", certificate)

    assert mrx.json("partner", "show", "mx-neec")["push_url"] is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "neec.example",
        "ftp://neec.example",
        "https://",
        "https://user:secret@neec.example",
        "https://neec.example/?key=1",
        "https://neec.example/#top",
        "https://neec.example:99999",
        "https://[::1",
        "https://ne ec.example",
        "https://neec.example/\x1b[2J",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_is_refused(url: str, mrx: Mrx, certificate: Path):
    order = ("partner", "connect", "mx-neec", f"--push={url}", "--certificate", certificate)

    assert mrx(*order, code=1).stderr.startswith("error: MRX-5010 ")
    assert mrx.json("partner", "show", "mx-neec")["enabled"] is False


HOSTS = st.text(st.sampled_from("az09.-_: [")) | st.text(max_size=20)
PORTS = st.integers(-1, 70_000).map(":{}".format) | st.text(max_size=5)


@given(
    st.builds(
        "{}://{}{}{}".format, st.sampled_from(["http", "https"]), HOSTS, PORTS, st.text(max_size=9)
    )
)
@example("http://host:70000")
@example("http://[::1]:8080/base")
def test_an_address_that_is_kept_can_be_used(text: str):
    try:
        url = base_url(text)
    except BadRequest:
        return  # which is what becomes of most of them

    used = httpx2.Request("POST", f"{url}/v1/partner/batches").url
    assert used.path.endswith("/v1/partner/batches")
    assert socket.getaddrinfo("127.0.0.1", used.port)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "MRX-3012"), (b"-----BEGIN nothing", "MRX-3012"), (b"0" * 200_000, "MRX-3012")],
)
def test_what_is_no_certificate_is_refused(content: bytes, code: str, mrx: Mrx, tmp_path: Path):
    (tmp_path / "bad.crt").write_bytes(content)

    order = ("partner", "connect", "mx-neec", "--push", URL, "--certificate", tmp_path / "bad.crt")

    assert code in mrx(*order, code=1).stderr


def test_a_missing_certificate_file_and_an_unknown_partner_are_refused(
    mrx: Mrx, certificate: Path, tmp_path: Path
):
    order = ("--push", URL, "--certificate")

    missing = mrx("partner", "connect", "mx-neec", *order, tmp_path / "none.crt", code=1)
    unknown = mrx("partner", "connect", "fr-aeo", *order, certificate, code=1)

    assert "MRX-5009" in missing.stderr
    assert "MRX-5001" in unknown.stderr


def test_what_the_partner_turned_down_is_told_again_once_it_is_connected_anew(
    world: World, mrx: Mrx
):
    world.push(member("10000001"))
    world.grant("10000001")
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2211'")
        tx.exec_driver_sql("UPDATE lanes SET look_at = look_at + 9000000000000000")
    file = mrx.home / "mx.crt"
    file.write_text(world.partners["mx-neec"].key.certificate.pem)
    [before] = mrx.json("notice", "list", "--state", "refused")

    mrx("partner", "connect", "mx-neec", "--certificate", file)

    assert before["code"] == "MRX-2211"
    assert [n["state"] for n in mrx.json("notice", "list")] == ["pending"]
    lanes = mrx.json("partner", "show", "mx-neec")["lanes"]
    assert [lane["next_look"] for lane in lanes] == [None, None]


def test_a_pause_needs_a_reason_and_shows_it(mrx: Mrx):
    mrx("partner", "pause", "mx-neec", code=2)
    mrx("partner", "pause", "mx-neec", "--reason", "   ", code=2)
    mrx("partner", "pause", "mx-neec", "--reason", "two\nlines", code=2)

    mrx("partner", "pause", "mx-neec", "--reason", "their maintenance")

    urgent, routine = mrx.json("partner", "show", "mx-neec")["lanes"]
    assert (routine["state"], routine["reason"], routine["paused_by"]) == (
        "paused",
        "their maintenance",
        "jdoe",
    )
    assert urgent["state"] == "open"
    listed = {row["partner"]: row for row in mrx.json("partner", "list")}
    assert (listed["mx-neec"]["routine"], listed["ca-pip"]["routine"]) == ("paused", "open")


def test_resuming_needs_a_reason_too_and_says_what_waits(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")
    mrx("partner", "pause", "mx-neec", "--reason", "their maintenance")
    mrx("partner", "resume", "mx-neec", code=2)

    said = mrx("partner", "resume", "mx-neec", "--reason", "maintenance is over")

    assert "1 notices are waiting" in said.stderr
    assert mrx.json("partner", "show", "mx-neec")["lanes"][1]["state"] == "open"


@pytest.mark.parametrize(
    ("alone", "said"),
    [
        (2, "To be told again: 2 refused notices."),
        (1, "For two persons, and staying as they are for `mrx replay`: 2 refused notices"),
    ],
)
def test_a_dry_run_says_what_resuming_tells_again_and_what_stays(
    world: World, mrx: Mrx, monkeypatch: pytest.MonkeyPatch, alone: int, said: str
):
    monkeypatch.setattr(replays, "ALONE_MAX", alone)
    world.push(*map(member, ("10000001", "10000002")))
    world.grant("10000001", "10000002")
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2210'")

    order = ("partner", "resume", "mx-neec", "--reason", "x")
    foretold = mrx(*order, "--dry-run").stderr

    assert said in foretold
    mrx(*order)
    stayed = mrx.json("notice", "list", "--state", "refused")
    assert len(stayed) == (2 if "staying" in foretold else 0)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_partner_cannot_be_paused(verb: str, mrx: Mrx):
    assert "MRX-5001" in mrx("partner", verb, "fr-aeo", "--reason", "x", code=1).stderr


def test_partners_are_counted_by_state(world: World, mrx: Mrx):
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    world.deliver()
    world.push(member("10000002", status="SUSPENDED"))

    shown = mrx.json("partner", "show", "mx-neec")

    assert {state: shown[state] for state in ("pending", "blocked", "refused", "held")} == {
        "pending": 1,
        "blocked": 0,
        "refused": 0,
        "held": 2,
    }


def test_counts_end_where_those_of_the_overview_end(
    world: World, mrx: Mrx, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.views.count.SOME", 1)
    monkeypatch.setattr("gateway.views.count.MOST", 1)
    world.push(*map(member, ("10000001", "10000002")))
    world.grant("10000001", "10000002")

    for order in (("partner", "list"), ("partner", "show", "mx-neec")):
        said = mrx(*order, "--json")
        told = orjson.loads(said.stdout)
        row = told if order[1] == "show" else next(one for one in told if one["pending"])
        assert (row["partner"], row["pending"], row["over"]) == ("mx-neec", 1, ["pending"])
        assert "mx-neec: over 1 pending." in said.stderr

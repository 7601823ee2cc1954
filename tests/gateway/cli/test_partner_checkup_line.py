"""`mrx partner test`: names, ports, TLS."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway.cli.command import Mrx
from tests.gateway.cli.ends import Authority, served
from tests.gateway.cli.walking import results, walked
from tests.world import World


def test_a_name_that_does_not_resolve(mrx: Mrx, world: World):
    steps = walked(mrx, world, "https://neec.invalid")

    assert "neec.invalid does not resolve" in steps["dns"]["sentence"]
    assert results(steps, "ok") == {"certificate"}
    assert results(steps, "failed") == {"dns"}


def test_a_port_that_is_closed(mrx: Mrx, world: World):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    steps = walked(mrx, world, f"https://127.0.0.1:{port}")

    assert steps["connect"]["sentence"].endswith("takes no connection: Connection refused")
    assert results(steps, "failed") == {"connect"}
    assert results(steps, "ok") == {"dns", "certificate"}


def test_an_authority_that_is_not_trusted(mrx: Mrx, world: World, ca: Authority):
    with served(world.partners["mx-neec"], ca.issue("127.0.0.1")) as url:
        steps = walked(mrx, world, url)

    assert "not trusted" in steps["tls"]["sentence"]
    assert "SSL_CERT_FILE" in steps["tls"]["next"]
    assert results(steps, "failed") == {"tls"}
    assert results(steps, "skipped") == {"signature", "schema", "echo", "clock"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ip", "days", "said"),
    [("127.0.0.2", 90, "mismatch"), ("127.0.0.1", -1, "expired")],
    ids=["of another host", "expired"],
)
def test_a_server_certificate_that_does_not_hold(
    mrx: Mrx, world: World, ca: Authority, ip: str, days: int, said: str
):
    with served(world.partners["mx-neec"], ca.issue(ip, days=days)) as url:
        steps = walked(mrx, world, url, SSL_CERT_FILE=str(ca.file))

    assert said in steps["tls"]["sentence"]
    assert results(steps, "failed") == {"tls"}


def test_no_tls_where_tls_is_expected(mrx: Mrx, world: World, plain: str):
    steps = walked(mrx, world, plain.replace("http:", "https:"))

    assert "TLS handshake fails" in steps["tls"]["sentence"]
    assert results(steps, "failed") == {"tls"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "failed"), [("https", {"tls"}), ("http", {"signature", "echo"})]
)
def test_a_server_that_takes_the_call_and_says_nothing_costs_seconds(
    mrx: Mrx, world: World, scheme: str, failed: set[str]
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        began = datetime.now(UTC)
        steps = walked(mrx, world, url, MRX_REQUEST_SECONDS="0.5")

    assert datetime.now(UTC) - began < timedelta(seconds=10)
    assert results(steps, "failed") == failed
    assert steps["clock"]["result"] == "skipped"

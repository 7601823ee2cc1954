"""One member's whole trip by command line, with a real partner's end as a process of its own."""

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gateway.cli.command import Mrx
from tests.gateway.engine.cluster import children, until
from tests.journeys.places import EVERYWHERE, PARTS, Place
from tests.world import member

pytestmark = pytest.mark.processes


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def mrx(tmp_path: Path, made: Callable[[str], Path], place: Place) -> Mrx:
    """The command line of a fresh us-ctpat home in this place."""
    shutil.copytree(made("us-ctpat"), tmp_path / "home")
    fresh = Mrx(tmp_path / "home", {**place.environment()})
    if fresh.env:
        fresh("init")
    return fresh


@contextmanager
def served(mrx: Mrx, *command: object, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that serves while the block lasts, and then ends well when it is told to."""
    process = mrx.process(*command, "--port", port, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while not live(port):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "not live after a minute"
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        try:
            _, said = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
    assert process.returncode in (0, -9), said


@contextmanager
def working(mrx: Mrx) -> Iterator[None]:
    """Celery's workers, where this place has them."""
    if "MRX_BROKER_URL" not in mrx.env:
        yield
        return
    process = mrx.process("worker")
    try:
        until(lambda: len(children(process.pid)) >= PARTS)
        yield
    finally:
        process.terminate()
        assert process.wait(60) == 0


def live(port: int) -> bool:
    # No client with certificates to read: whoever asks so often would take the time it waits for.
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        wire.request("GET", "/health/live")
        return wire.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        wire.close()


@pytest.fixture
def mexico(tmp_path: Path) -> Mrx:
    return Mrx(tmp_path / "mexico")


@pytest.fixture
def ours(mrx: Mrx, tmp_path: Path) -> Path:
    path = tmp_path / "us-ctpat.crt"
    path.write_bytes(mrx("certificate").stdout_bytes)
    return path


def introduce(mrx: Mrx, mexico: Mrx, port: int) -> Path:
    """What two people do: Mexico's certificate is fetched, and pinned here with its address."""
    theirs = mexico.home.parent / "mexico.crt"
    theirs.write_bytes(mexico("certificate").stdout_bytes)
    url = f"http://127.0.0.1:{port}"
    mrx("partner", "connect", "mx-neec", "--push", url, "--certificate", theirs)
    return theirs


@EVERYWHERE
@pytest.mark.second_opinion
def test_from_a_push_to_a_receipt_and_back_out(
    mrx: Mrx, mexico: Mrx, ours: Path, tmp_path: Path, openssl: str
):
    port = free_port()
    with served(mexico, "sandbox", "mx-neec", "--trust", ours, port=port):
        introduce(mrx, mexico, port)
        mrx.push(member("10000001", name="Invented Ñandú 한국"), member("10000002"))
        mrx("consent", "grant", "10000001", "mx-neec", "--officer-title", "Vice President")

        assert mrx.json("deliver", "--until-idle", "--timeout", "60") == {"idle": True, "left": []}

        [held] = mrx.json("notice", "list", "--state", "held")
        assert (held["partner"], held["account"]) == ("mx-neec", "10000001")
        [row] = mexico.json("roll", "list", "us-ctpat")
        assert (row["ref"], row["name"]) == (held["ref"], "Invented Ñandú 한국")

        file = tmp_path / "batch.p7m"
        mrx("batch", "export", mrx.json("batch", "list")[0]["id"], "-o", file)
        verify = ("cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile", ours)
        said = subprocess.run([openssl, *verify, "-in", file], check=True, capture_output=True)
        assert said.stdout == mrx("open", file, "--certificate", ours).stdout_bytes
        assert b"10000002" not in said.stdout

        revoked = mrx.json("consent", "revoke", "10000001", "mx-neec")
        assert revoked["partners"][0]["answer"] == "withdrawal on its way"
        mrx("deliver", "--until-idle", "--timeout", "60")

    [answer] = mrx.json("revocation", "show", revoked["revocation"])["partners"]
    assert (answer["answer"], answer["refs"][0]["fate"]) == ("deletion confirmed", "erased")
    assert mexico.json("roll", "list", "us-ctpat") == []
    assert mrx.json("ledger", "verify")["broken_at"] is None
    assert mexico.json("ledger", "verify")["broken_at"] is None


@EVERYWHERE
def test_a_sandbox_may_be_killed_and_started_again(mrx: Mrx, mexico: Mrx, ours: Path):
    port = free_port()
    sandbox = ("sandbox", "mx-neec", "--trust", ours)
    with served(mexico, *sandbox, port=port) as process:
        introduce(mrx, mexico, port)
        process.kill()
        process.wait()
        mrx.push(member("10000001"))
        mrx("consent", "grant", "10000001", "mx-neec", "--officer-title", "President")
        mrx("deliver", "--until-idle", "--timeout", "1", code=3)
    entries = mexico.json("ledger", "verify")["entries"]
    deliver = mrx.process("deliver", "--until-idle", "--timeout", "120")

    with served(mexico, *sandbox, port=port):
        assert deliver.wait(120) == 0

    assert [row["status"] for row in mexico.json("roll", "list", "us-ctpat")] == ["VALIDATED"]
    assert [batch["number"] for batch in mrx.json("batch", "list")] == [1]
    assert mexico.json("ledger", "verify")["entries"] == entries + 1


@EVERYWHERE
def test_commands_work_beside_a_gateway_that_serves(mrx: Mrx, mexico: Mrx, ours: Path):
    theirs, our = free_port(), free_port()
    with (
        served(mexico, "sandbox", "mx-neec", "--trust", ours, port=theirs),
        served(mrx, "serve", port=our),
        working(mrx),
    ):
        introduce(mrx, mexico, theirs)
        mrx.push(*(member(str(10_000_000 + n)) for n in range(50)))
        for n in range(5):
            account = str(10_000_000 + n)
            mrx("consent", "grant", account, "mx-neec", "--officer-title", "President")
        mrx("deliver", "--until-idle", "--timeout", "60")

        assert len(mrx.json("notice", "list", "--state", "held")) == 5
        assert len(mexico.json("roll", "list", "us-ctpat")) == 5


def test_two_servers_on_one_port_are_refused(mrx: Mrx, mexico: Mrx, ours: Path):
    port = free_port()
    with served(mrx, "serve", port=port):
        second = mexico.process(
            *("sandbox", "mx-neec", "--trust", ours, "--port", port), stderr=subprocess.PIPE
        )
        _, said = second.communicate(timeout=60)

    assert second.returncode == 1
    assert b"error: MRX-9011 " in said


def test_a_sandbox_refuses_the_home_of_another(mrx: Mrx, ours: Path):
    said = mrx("sandbox", "mx-neec", "--port", "8701", "--trust", ours, code=1)

    assert "error: MRX-9003 " in said.stderr


def test_a_sandbox_needs_a_certificate_and_a_partner_programme(mrx: Mrx, mexico: Mrx, ours: Path):
    missing = mexico("sandbox", "mx-neec", "--port", "8701", "--trust", mexico.home, code=1)
    unknown = mexico("sandbox", "fr-aeo", "--port", "8701", "--trust", ours, code=1)
    home = Mrx(mexico.home.parent / "us")(
        "sandbox", "us-ctpat", "--port", "8", "--trust", ours, code=1
    )

    assert "MRX-5009" in missing.stderr
    assert "MRX-5001" in unknown.stderr
    assert "MRX-5001" in home.stderr
    assert not mexico.home.exists()

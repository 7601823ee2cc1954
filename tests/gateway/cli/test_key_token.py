"""A gateway whose keys are in a token: made, changed, used, taken away and brought back."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import health, own_keys
from gateway.cli import exits
from gateway.home import open_home
from gateway.settings import Settings
from outbox.house import House
from schemas.errors import NotReady
from tests import softhsm
from tests.gateway.cli.command import Mrx
from tests.gateway.cli.test_key import activate
from tests.softhsm import LABEL, SoftToken
from tests.world import Clock, Wire, World, connect, member

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, ground: SoftToken) -> Path:
    """A home whose key was made in the token by `mrx init`, made once."""
    home = tmp_path_factory.mktemp("there") / "home"
    with ground.used():
        Mrx(home, ground.environment)("init", "--no-admin")
    return home


@pytest.fixture
def ours(soft: SoftToken, there: Path, tmp_path: Path) -> Mrx:
    """The command line of that home."""
    shutil.copytree(there, tmp_path / "ours")
    return Mrx(tmp_path / "ours", soft.environment)


def opened(soft: SoftToken, home: Path) -> House:
    return open_home(
        Settings(
            home=home, token_module=soft.module, token_label=LABEL, token_pin_file=soft.pin_file
        )
    )


def key_of(mrx: Mrx, code: int = 0) -> dict[str, str]:
    [found] = [one for one in mrx.json("doctor", code=code)["findings"] if one["step"] == "key"]
    return found


def test_init_makes_the_key_in_the_token(ours: Mrx, soft: SoftToken):
    [one] = ours.json("key", "list")

    assert (one["state"], one["kept"]) == ("current", "token")
    assert (ours.home / own_keys.KEY).read_bytes().startswith(b"pkcs11:")
    assert f"mrx {one['fingerprint']}" in soft.tool("--list-objects", "--type", "privkey")
    assert "it is in a token" in key_of(ours)["sentence"]


def test_a_file_gives_way_to_the_token_by_a_change_of_keys(mrx: Mrx, soft: SoftToken):
    [old] = [one["fingerprint"] for one in mrx.json("key", "list")]
    ours = Mrx(mrx.home, soft.environment)
    assert "it is in a file" in key_of(ours)["sentence"]
    new = ours.json("key", "stage")["fingerprint"]

    activate(ours)

    assert {
        one["fingerprint"]: (one["state"], one["kept"]) for one in ours.json("key", "list")
    } == {
        old: ("retired", "plain"),
        new: ("current", "token"),
    }
    assert ours.json("ledger", "verify")["broken_at"] is None
    assert f"mrx {new}" in soft.tool("--list-objects", "--type", "privkey")


def test_a_retired_key_stays_in_the_token(ours: Mrx, soft: SoftToken):
    staged = ours.json("key", "stage")["fingerprint"]

    ours("key", "retire", "--reason", "its label was wrong")

    assert f"mrx {staged}" in soft.tool("--list-objects", "--type", "privkey")


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda soft: soft.remove(), "MRX-9004"),
        (lambda soft: soft.pin_file.write_text("wrong-pin"), "the token refused the PIN"),
    ],
    ids=["taken away", "wrong PIN"],
)
def test_without_the_token_no_command_starts_and_the_doctor_says_why(
    ours: Mrx, soft: SoftToken, spoil: Callable[[SoftToken], None], because: str
):
    spoil(soft)
    soft.forget()

    for words in (("partner", "list"), ("deliver",)):
        said = ours(*words, code=1)
        assert because in said.stderr
        assert softhsm.PIN not in said.stderr
    assert key_of(ours, code=exits.REJECTED)["result"] == "failed"


def test_settings_without_a_label_or_a_pin_file_are_refused(ours: Mrx):
    for name in ("MRX_TOKEN_LABEL", "MRX_TOKEN_PIN_FILE"):
        said = Mrx(ours.home, {**ours.env, name: None})("partner", "list", code=1).stderr
        assert "MRX-9010" in said
        assert name in said


@pytest.fixture
def world(
    ours: Mrx, soft: SoftToken, tmp_path: Path, made: Callable[[str], Path]
) -> Iterator[World]:
    """That home and Mexico, connected by a wire that obeys."""
    shutil.copytree(made("mx-neec"), tmp_path / "mx-neec")
    house = opened(soft, ours.home)
    mexico = open_home(Settings(home=tmp_path / "mx-neec"))
    now = datetime.now(UTC)
    connect(house, mexico, url="mx-neec", now=now)
    clock = Clock(now)
    wire = Wire(ends={"mx-neec": mexico}, clock=clock)
    yield World(house=house, partners={"mx-neec": mexico}, clock=clock, wire=wire)
    house.database.close()
    mexico.database.close()


def held(ours: Mrx, account: str) -> str:
    [one] = ours.json("disclosure", "show", account)["partners"]
    return str(one["state"])


def test_nothing_leaves_without_the_token_and_all_of_it_when_it_is_back(
    world: World, soft: SoftToken
):
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    world.deliver()
    before = len(world.wire.journal)
    assert before

    soft.remove()
    world.push(member("10000003"))
    world.grant("10000003")
    world.revoke("10000001", of="mx-neec")
    for _ in range(2):
        with pytest.raises(NotReady, match="MRX-9004"):
            world.deliver()
    assert len(world.wire.journal) == before
    assert health.checks(world.house, now=world.clock.now)["signing"] == "MRX-9004"

    soft.put_back()
    world.deliver()

    sent = world.wire.journal[before:]
    assert len(sent) == 2, "the withdrawal, and the announcement"
    assert health.checks(world.house, now=world.clock.now)["signing"] is None

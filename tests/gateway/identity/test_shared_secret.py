"""The secret of a gateway's servers: made once, whoever is first, and the same for all of them."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.identity import shared_secret
from schemas.errors import NotReady

ROOT = Path(__file__).parents[3]
SHOW = """
import sys
from pathlib import Path
from gateway.identity import shared_secret
print("ready", flush=True)
sys.stdin.readline()
print(shared_secret.derived(Path(sys.argv[1]), "test").hex())
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir(mode=0o700)
    return tmp_path


def test_it_is_the_key_derivation_of_rfc_5869():
    """Its first test case, as far as we need it."""
    made = shared_secret.hkdf(b"\x0b" * 22, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)))

    assert made.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


def test_it_is_made_once_and_each_purpose_has_its_own(home: Path):
    first = shared_secret.derived(home, "one")

    assert shared_secret.derived(home, "one") == first != shared_secret.derived(home, "two")
    (file,) = (home / "keys").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("sign-in.key", 0o600)
    assert len(file.read_bytes()) == 32
    assert file.read_bytes() != first


def test_two_homes_have_two_secrets(home: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("other")
    (other / "keys").mkdir()

    assert shared_secret.derived(home, "one") != shared_secret.derived(other, "one")


def test_processes_that_start_at_once_have_the_same(home: Path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SHOW, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in started:  # all wait at the same line: now
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    said = {process.communicate(timeout=30)[0] for process in started}

    assert said == {shared_secret.derived(home, "test").hex().encode() + b"\n"}
    assert [file.name for file in (home / "keys").iterdir()] == ["sign-in.key"]


def test_whoever_comes_second_in_the_same_moment_takes_the_first_ones(home: Path, monkeypatch):
    link, gate, made = shared_secret.os.link, threading.Barrier(2), []

    def together(*names: object) -> None:
        gate.wait(30)  # both have found none, and have made one
        link(*names)

    monkeypatch.setattr(shared_secret.os, "link", together)

    def start() -> None:
        made.append(shared_secret.derived(home, "test"))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made[0] == made[1] == shared_secret.derived(home, "test")


def test_one_that_died_while_it_made_it_leaves_no_half_of_it(home: Path, monkeypatch):
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shared_secret.os, "link", dies)
        with pytest.raises(KeyboardInterrupt):
            shared_secret.derived(home, "test")
    assert not (home / "keys" / "sign-in.key").exists()

    assert shared_secret.derived(home, "test") == shared_secret.derived(home, "test")


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_one_that_others_can_read_is_not_used(home: Path, mode: int):
    shared_secret.derived(home, "test")
    (home / "keys" / "sign-in.key").chmod(mode)

    with pytest.raises(NotReady, match="MRX-9004") as refused:
        shared_secret.derived(home, "test")
    assert "sign-in.key" in str(refused.value)


def test_half_a_secret_is_not_used(home: Path):
    shared_secret.derived(home, "test")
    (home / "keys" / "sign-in.key").write_bytes(b"half")

    with pytest.raises(NotReady, match="MRX-9004"):
        shared_secret.derived(home, "test")


def test_where_it_cannot_be_made_that_is_said(tmp_path: Path):
    with pytest.raises(NotReady, match="MRX-9004"):  # there is no folder of keys
        shared_secret.derived(tmp_path, "test")

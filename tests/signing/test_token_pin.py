"""The PIN of a token: a wrong one is tried once, and the last try is nobody's here."""

import os
import time
from pathlib import Path

import pytest

from signing import keys, token
from tests import softhsm
from tests.signing.token_keys import refusal
from tests.softhsm import SoftToken

pytestmark = pytest.mark.processes  # softhsm2-util; the token itself is a library


def tries(monkeypatch: pytest.MonkeyPatch, heard: Path | None = None) -> list[bytes]:
    """Each PIN that is shown to the token from here on, in this process or a fork of it."""
    shown: list[bytes] = []
    real = token._Module._opened

    class Watching:
        """A token that says what it is opened with."""

        def __init__(self, one):
            self.one = one
            self.label, self.flags = one.label, one.flags

        def open(self, **how):
            if "user_pin" in how:
                shown.append(how["user_pin"])
                if heard is not None:
                    with heard.open("a") as file:
                        file.write(f"{how['user_pin']}\n")
                    time.sleep(0.2)  # a token takes its time, and another process comes in
            return self.one.open(**how)

    def watched(self, which, *, write):
        lib = self._lib
        self._lib = type("Lib", (), {"get_tokens": lambda _: map(Watching, lib.get_tokens())})()
        try:
            return real(self, which, write=write)
        finally:
            self._lib = lib

    monkeypatch.setattr(token._Module, "_opened", watched)
    return shown


def test_a_wrong_pin_is_tried_once_by_all_processes_together(
    soft: SoftToken, token_home: Path, monkeypatch: pytest.MonkeyPatch
):
    keeping = soft.keeping(token_home)
    shown = tries(monkeypatch)
    soft.pin_file.write_text("wrong-pin\n")
    soft.forget()
    for _ in range(3):
        assert refusal(token_home, keeping).startswith("the token refused the PIN")
        soft.forget()  # as after a restart
    assert shown == ["wrong-pin"]
    refused = token_home / "token-pin.refused"
    assert refused.stat().st_mode & 0o777 == 0o600
    assert b"wrong-pin" not in refused.read_bytes()

    soft.pin_file.write_text("wrong-too\n")
    assert refusal(token_home, keeping).startswith("the token refused the PIN")
    assert shown == ["wrong-pin", "wrong-too"]

    soft.pin_file.write_text(f"{softhsm.PIN}\n")
    assert keys.load(token_home / "p256.key", keeping)
    assert not refused.exists()


def test_a_wrong_pin_is_tried_once_where_nothing_can_be_written(
    soft: SoftToken, token_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A process that runs on asks for its key at every look at a lane."""
    keeping = soft.keeping(token_home, refused=tmp_path / "nowhere" / "refused")
    shown = tries(monkeypatch)
    soft.pin_file.write_text("wrong-pin\n")
    soft.forget()

    for _ in range(3):
        assert refusal(token_home, keeping).startswith("the token refused the PIN")

    assert shown == ["wrong-pin"]


def test_a_wrong_pin_is_tried_once_by_processes_that_start_together(
    soft: SoftToken, token_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    keeping, heard = soft.keeping(token_home), tmp_path / "heard"
    tries(monkeypatch, heard)
    soft.pin_file.write_text("wrong-pin\n")
    soft.forget()

    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                keys.load(token_home / "p256.key", keeping)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)

    assert heard.read_text() == "wrong-pin\n"


@pytest.mark.parametrize("flag", ["USER_PIN_FINAL_TRY", "USER_PIN_LOCKED"])
def test_the_last_try_is_left_to_a_person(
    soft: SoftToken, token_home: Path, monkeypatch: pytest.MonkeyPatch, flag: str
):
    from pkcs11 import TokenFlag

    shown = tries(monkeypatch)
    watched = token._Module._opened

    def flagged(self, which, *, write):
        lib = self._lib
        tokens = list(lib.get_tokens())

        class Flagged:
            label, open = tokens[0].label, tokens[0].open
            flags = tokens[0].flags | TokenFlag[flag]

        self._lib = type("Lib", (), {"get_tokens": lambda _: [Flagged]})()
        try:
            return watched(self, which, write=write)
        finally:
            self._lib = lib

    monkeypatch.setattr(token._Module, "_opened", flagged)
    soft.forget()

    assert "one try left" in refusal(token_home, soft.keeping(token_home))
    assert shown == []


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda file: file.chmod(0o640), "the PIN file is open to group or others"),
        (lambda file: file.write_text("\n"), "the PIN file is empty"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "the PIN file is not UTF-8"),
    ],
)
def test_a_pin_file_that_cannot_be_used_is_named(soft: SoftToken, token_home: Path, spoil, because):
    spoil(soft.pin_file)
    soft.forget()

    assert refusal(token_home, soft.keeping(token_home)) == because


def test_a_missing_pin_file_is_named(soft: SoftToken, token_home: Path, tmp_path: Path):
    soft.forget()

    found = refusal(token_home, soft.keeping(token_home, pin_file=tmp_path / "nowhere"))

    assert found == "the PIN file is missing"

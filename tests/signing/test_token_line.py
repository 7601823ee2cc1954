"""The line that stands for a key in a token: which one it means, and what is no such line."""

import builtins
from pathlib import Path

import pytest

from schemas.errors import NotReady
from signing import keys
from signing.keeping import Keeping
from tests.signing.token_keys import refusal
from tests.softhsm import SoftToken

pytestmark = pytest.mark.processes  # softhsm2-util; the token itself is a library


def test_another_token_a_missing_module_and_no_token_are_told_apart(
    soft: SoftToken, token_home: Path, tmp_path: Path
):
    elsewhere = tmp_path / "elsewhere.key"
    elsewhere.touch(mode=0o600)
    elsewhere.write_bytes((token_home / "p256.key").read_bytes().replace(b"token=mrx;", b""))
    elsewhere.with_suffix(".crt").write_bytes((token_home / "p256.crt").read_bytes())

    assert "another label" in refusal(token_home, soft.keeping(token_home, label="other"))
    with pytest.raises(NotReady, match="there is no token of that label"):
        keys.load(elsewhere, soft.keeping(token_home, label="other"))
    assert "cannot be loaded" in refusal(
        token_home, soft.keeping(token_home, module=tmp_path / "none.so")
    )
    assert refusal(token_home, Keeping()) == "it is in a token, and no token is set"


def test_without_the_package_it_is_named(
    soft: SoftToken, token_home: Path, monkeypatch: pytest.MonkeyPatch
):
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "pkcs11":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)

    assert "pip install mrx[pkcs11]" in refusal(token_home, soft.keeping(token_home))


def test_a_key_that_the_token_has_not_is_named(soft: SoftToken, token_home: Path, tmp_path: Path):
    path = tmp_path / "p256.key"
    path.touch(mode=0o600)
    path.write_text("pkcs11:token=mrx;id=%00%01;type=private\n")
    path.with_suffix(".crt").write_bytes((token_home / "p256.crt").read_bytes())

    assert refusal(tmp_path, soft.keeping(tmp_path)) == "the token has no such key"


@pytest.mark.parametrize(
    "line",
    [
        b"pkcs11:",
        b"pkcs11:token=mrx",
        b"pkcs11:id=%01;id=%02",
        b"pkcs11:id=%01;type=public",
        b"pkcs11:id=%01;module-path=/tmp/evil.so",
        b"pkcs11:object=%ff",
        b"pkcs11:id=%01\nsecond line",
        b"pkcs11:id=" + b"%01" * 500,
    ],
)
def test_a_line_that_says_something_else_is_refused(soft: SoftToken, tmp_path: Path, line: bytes):
    path = tmp_path / "p256.key"
    path.touch(mode=0o600)
    path.write_bytes(line)

    found = refusal(tmp_path, soft.keeping(tmp_path))

    assert found == "it is no line that stands for a key in a token"

"""A token of the tests' own: SoftHSM2, in a folder that is thrown away."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from signing import token
from signing.keeping import Keeping
from signing.token import Token
from tests.servers import missing
from tests.tools import tool

PIN = "pin-of-the-tests-8361"
SO_PIN = "so-pin-of-the-tests-5527"
LABEL = "mrx"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class SoftToken:
    """A folder with a token and its user's PIN; `conf` is what SOFTHSM2_CONF must name."""

    folder: Path
    module: Path

    @property
    def conf(self) -> Path:
        return self.folder / "softhsm2.conf"

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"

    def keeping(self, home: Path, **more: object) -> Keeping:
        """Keys of this home are made in this token."""
        facts = {"module": self.module, "label": LABEL, "pin_file": self.pin_file}
        return Keeping(token=Token(**{**facts, "refused": home / "token-pin.refused", **more}))

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a gateway whose keys are in it."""
        return {
            "SOFTHSM2_CONF": str(self.conf),
            "MRX_TOKEN_MODULE": str(self.module),
            "MRX_TOKEN_LABEL": LABEL,
            "MRX_TOKEN_PIN_FILE": str(self.pin_file),
        }

    def remove(self) -> None:
        """As a device is pulled out."""
        self.tokens.rename(self.folder / "away")

    def put_back(self) -> None:
        (self.folder / "away").rename(self.tokens)

    def forget(self) -> None:
        """Have this process open the token anew, as after a start."""
        module = token._module(str(self.module))
        module._forget()
        module._wrong = b""

    @contextmanager
    def used(self) -> Iterator["SoftToken"]:
        """It is the one of this process; then as it should be, whatever was done to it."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SOFTHSM2_CONF", str(self.conf))
            self.forget()
            yield self
            if not self.tokens.exists():
                self.put_back()
            self.pin_file.write_text(f"{PIN}\n")
            self.pin_file.chmod(0o600)
            self.forget()

    def tool(self, *words: str) -> str:
        """What OpenSC's tool says of it, an opinion beside ours."""
        done = subprocess.run(
            [tool("pkcs11-tool"), "--module", self.module, "--login", "--pin", PIN, *words],
            env={**os.environ, "SOFTHSM2_CONF": str(self.conf)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout


def made(folder: Path) -> SoftToken:
    """A new token. Without SoftHSM2 a skip at a desk, and a failure in CI."""
    modules = [Path(one) for one in MODULES if Path(one).exists()]
    if not modules:
        missing("no SoftHSM2: apt-get install softhsm2")
    new = SoftToken(folder, modules[0])
    new.tokens.mkdir(parents=True)
    new.conf.write_text(
        f"directories.tokendir = {new.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    new.pin_file.touch(mode=0o600)
    new.pin_file.write_text(f"{PIN}\n")
    words = ("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", SO_PIN)
    subprocess.run(
        [tool("softhsm2-util"), *words],
        env={**os.environ, "SOFTHSM2_CONF": str(new.conf)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return new


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> SoftToken:
    """One token for all tests of a room."""
    return made(tmp_path_factory.mktemp("token"))


@pytest.fixture
def soft(ground: SoftToken) -> Iterator[SoftToken]:
    """The token as it should be, whatever another test did to it."""
    with ground.used():
        yield ground

"""A folder with keys that are in the token of the tests, and what of them cannot be used."""

from pathlib import Path

import pytest

from schemas.errors import NotReady
from signing import keys
from signing.keeping import Keeping
from signing.keys import SigningKey
from tests import softhsm
from tests.signing.forge import NOW
from tests.softhsm import SoftToken

KINDS = pytest.mark.parametrize("kind", ["rsa", "p256"])


@pytest.fixture(scope="session")
def token_home(tmp_path_factory: pytest.TempPathFactory, ground: SoftToken) -> Path:
    """A folder with a key of each kind, made in the token."""
    folder = tmp_path_factory.mktemp("token-home")
    with ground.used():
        for kind in ("rsa", "p256"):
            path = folder / f"{kind}.key"
            keys.create(path, "us-ctpat", NOW, kind=kind, keeping=ground.keeping(folder))
    return folder


def key_of(soft: SoftToken, home: Path, kind: str) -> SigningKey:
    return keys.load(home / f"{kind}.key", soft.keeping(home))


def written(path: Path, line: str) -> Path:
    """A key's file with this line, ours alone."""
    path.touch(mode=0o600)
    path.write_text(line)
    return path


def refusal(home: Path, keeping: Keeping, kind: str = "p256") -> str:
    """What is wrong with a key, said without the PIN."""
    with pytest.raises(NotReady) as refused:
        keys.load(home / f"{kind}.key", keeping)
    assert refused.value.code == "MRX-9004"
    assert softhsm.PIN not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
    return str(refused.value.facts["because"])

"""Keys for the tests of this room. Making an RSA key is slow: once a session."""

from pathlib import Path

import pytest

from signing import keys
from signing.keys import SigningKey
from tests.signing.forge import NOW
from tests.signing.token_keys import token_home
from tests.softhsm import ground, soft

__all__ = ["ground", "soft", "token_home"]


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rsa.key, p256.key and a stranger's key of each kind, under the same name."""
    folder = tmp_path_factory.mktemp("keyring")
    for whose in ("", "stranger-"):
        for kind in ("rsa", "p256"):
            keys.create(folder / f"{whose}{kind}.key", "us-ctpat", NOW, kind=kind)
    return folder


@pytest.fixture(scope="session")
def loaded(keyring: Path) -> dict[str, SigningKey]:
    """The keys of the folder by their names."""
    return {path.stem: keys.load(path) for path in keyring.glob("*.key")}


@pytest.fixture
def rsa(loaded: dict[str, SigningKey]) -> SigningKey:
    return loaded["rsa"]


@pytest.fixture
def p256(loaded: dict[str, SigningKey]) -> SigningKey:
    return loaded["p256"]


@pytest.fixture(params=["rsa", "p256"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def key(kind: str, loaded: dict[str, SigningKey]) -> SigningKey:
    """Our key, of each kind in turn."""
    return loaded[kind]


@pytest.fixture
def key_file(kind: str, keyring: Path) -> Path:
    """The file of `key`; the certificate is beside it."""
    return keyring / f"{kind}.key"


@pytest.fixture
def stranger(kind: str, loaded: dict[str, SigningKey]) -> SigningKey:
    """Somebody else's key, of the same kind and under the same name."""
    return loaded[f"stranger-{kind}"]

"""A gateway with two partners pinned, for who calls it with a signature or behind a proxy."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.app import build
from gateway.settings import Settings
from tests.conftest import connected_world
from tests.world import World, new_key

URL = "/v1/partner/batches?limit=5"
PROXY = "192.0.2.7"


def keys_of_three(folder: Path) -> dict[str, Path]:
    """Mexico signs with RSA, as the shell does that signs by hand.

    In a folder of their own: what is made once a session with certain keys lies beside them.
    """
    return {
        code: new_key(folder, code, kind="rsa" if code == "mx-neec" else "p256")
        for code in ("us-ctpat", "mx-neec", "ca-pip")
    }


def two_pinned(folder: Path, key_files: dict[str, Path]) -> World:
    """us-ctpat, and two partners whose certificates are pinned."""
    return connected_world(folder, key_files, ("mx-neec", "ca-pip"))


def connected(world: World, peer: str = PROXY, **settings: Any) -> TestClient:
    folder = world.house.folder
    app = build(world.house, Settings(home=folder, **settings))
    return TestClient(app, client=(peer, 50000))


def refused(answer: Response, code: str = "MRX-7011") -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in answer.headers

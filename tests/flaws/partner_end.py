"""A partner's machine at our partner door, and what it left behind there."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from gateway import log
from gateway.app import build
from gateway.settings import Settings
from outbox import watch
from outbox.house import House
from outbox.transport import MEDIA_TYPE
from schemas import exchange
from schemas.receipt import Receipt
from schemas.tables import metadata
from signing.keys import SigningKey
from signing.open import open_sealed
from signing.seal import seal
from tests.world import World

_MANY = 1_000_000.0  # nobody is kept out here for asking often: that is shown elsewhere


def client(house: House) -> TestClient:
    """Our doors."""
    settings = Settings(
        home=house.folder,
        requests_per_second=_MANY,
        wrong_credentials_per_minute=_MANY,
        status_answer_seconds=0,
    )
    return TestClient(build(house, settings), raise_server_exceptions=False)


@dataclass
class PartnerEnd:
    """One partner, and the place of its routine lane."""

    world: World
    programme: str = "mx-neec"
    number: int = 1
    previous: str | None = None
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = client(self.world.house)

    @property
    def key(self) -> SigningKey:
        return self.world.partners[self.programme].key

    def bring(self, file: bytes, *, to: str = "batches") -> Response:
        """Bring a file as it is."""
        headers = {"Content-Type": MEDIA_TYPE}
        return self.client.post(f"/v1/partner/{to}", content=file, headers=headers)

    def sealed(self, content: bytes) -> bytes:
        return seal(content, self.key, datetime.now(UTC))

    def close(self, content: bytes) -> Receipt:
        """Bring what is the next batch of the lane; it closes its number."""
        file = self.sealed(content)
        answer = self.bring(file)
        assert answer.status_code == 200, answer.text
        self.number, self.previous = self.number + 1, sha256(file).hexdigest()
        ours = self.world.house.key.certificate
        return exchange.read_receipt(open_sealed(answer.content, [ours], datetime.now(UTC)).content)


def rows(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """Everything the database holds."""
    with house.database.read() as tx:
        return {
            table.name: sorted((tuple(row) for row in tx.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> set[str]:
    """The tables that are not what they were."""
    return {name for name in after if before[name] != after[name]}


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """All that is written to the log while the block lasts, others' debugging too."""
    said = io.StringIO()
    root, ours = logging.getLogger(), logging.getLogger(log.OURS)
    before = (root.handlers[:], root.level, ours.level)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "sys", SimpleNamespace(stderr=said))
        log.begin("json", level=logging.DEBUG)
        root.setLevel(logging.DEBUG)
        try:
            with watch.watched_by(log.steps):
                yield said
        finally:
            root.handlers[:] = before[0]
            root.setLevel(before[1])
            ours.setLevel(before[2])

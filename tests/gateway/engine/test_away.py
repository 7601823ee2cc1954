"""While the database is away the log says so in one line with its code, and what it was doing."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from gateway import puller
from gateway.engine import errands, threads
from gateway.engine.errands import Errands
from gateway.engine.threads import Threads
from gateway.puller import Puller
from outbox.house import House
from schemas.postgresql import PostgreSQL
from tests.conftest import FILE_ONLY
from tests.gateway.engine.cluster import until
from tests.world import BYTES_MAX, World

pytestmark = FILE_ONLY  # its server is one that is not there


@pytest.fixture
def forsaken(small_world: World, tmp_path: Path) -> Iterator[House]:
    """A gateway whose server does not answer."""
    nowhere = PostgreSQL(make_url(f"postgresql+psycopg:///mrx?host={tmp_path}"))
    yield replace(small_world.house, database=nowhere)
    nowhere.close()


def said(log: pytest.LogCaptureFixture, of: str) -> list[str]:
    return [text for text in log.messages if text.startswith(of)]


def test_the_look_says_it_in_a_line(
    forsaken: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(threads, "LOOK_SECONDS", 0.01)
    engine = Threads(forsaken)
    with caplog.at_level(logging.INFO):
        engine.start()
        until(lambda: said(caplog, "look: MRX-9014") != [])
        engine.stop()

    assert "MRX-9999" not in caplog.text
    assert "\n" not in said(caplog, "look: ")[0]


def test_upkeep_says_it_in_a_line(
    forsaken: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(errands, "UPKEEP_SECONDS", 0.01)
    made = Errands(forsaken, batch_bytes_max=BYTES_MAX)
    keeping_up = made._threads[0]
    with caplog.at_level(logging.INFO):
        keeping_up.start()
        until(lambda: said(caplog, "upkeep: MRX-9014") != [])
        made._stop.set()
        keeping_up.join()

    assert "MRX-9999" not in caplog.text


def test_fetching_says_it_in_a_line(
    forsaken: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(puller, "LOOK_SECONDS", 0.01)
    fetching = Puller(forsaken, bytes_max=BYTES_MAX)
    with caplog.at_level(logging.INFO):
        fetching.start()
        until(lambda: "MRX-" in caplog.text)
        fetching.stop()

    assert "MRX-9999" not in caplog.text
    assert "\n" not in said(caplog, "fetching: MRX-9014")[0]

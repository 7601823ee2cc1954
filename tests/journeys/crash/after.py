"""What must hold after any restart: at once, and when the weather is calm again."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, select

from gateway.intake import push_consents
from mappers import MAPPERS
from outbox import batch, ledger
from outbox.batch import State
from outbox.house import House
from schemas import exchange
from schemas.tables import attempts, batch_files, consents, disclosures, lanes, receipts
from schemas.tables import ledger as entries
from signing.open import open_sealed
from tests.world import World

KEPT = {"mrx.db", "mrx.db-wal", "mrx.db-shm", "keys", "spool", "errands.turn"}
"""What may lie in a home folder."""


def fed(here: World, account: str) -> None:
    """This account takes its consent back, by the feed; said again, it is the same event."""
    with here.house.database.read() as tx:
        mine = (consents.c.account == account) & (consents.c.event == "granted")
        given = tx.scalars(select(consents.c.at).where(mine)).one()
    line = orjson.dumps(
        {
            "account": account,
            "programme": "mx-neec",
            "event": "revoked",
            "at": (given + timedelta(seconds=1)).isoformat(),
        }
    )
    now = here.clock()
    order = push_consents.Push(
        source=io.BytesIO(line), format="ndjson", as_of=now, now=now, by="test"
    )
    assert push_consents.push(here.house, order).rejected == 0


def truthful(here: World) -> None:
    """Right after the restart nothing is called what it is not.

    What arrived was claimed before it left; what is called settled has a receipt; of what was
    claimed and not answered nobody says that it failed.
    """
    with here.house.database.read() as tx:
        known = {
            (row.batch_id, row.issue): bytes(row.file) for row in tx.execute(select(batch_files))
        }
        assert {file for _, file in here.wire.journal} <= set(known.values())
        for one in batch.every(tx):
            answered = tx.scalar(
                select(func.count()).where(
                    receipts.c.lane_id == one.lane_id,
                    receipts.c.epoch == one.epoch,
                    receipts.c.number == one.number,
                )
            )
            opened = select(attempts.c.n).where(
                attempts.c.batch_id == one.id, attempts.c.ended_at.is_(None)
            )
            if one.state is State.SETTLED:
                assert answered, "settled without a receipt"
            elif not answered:
                assert one.state in {State.SENDING, State.UNKNOWN, State.SEALED}
            if one.state is State.SENDING:
                assert tx.scalars(opened).all(), "sending, and nobody at it"


def whole(here: World) -> None:
    """In calm weather: nothing lost, doubled, forgotten or left lying about, at either end."""
    for house in (here.house, *here.partners.values()):
        tidy(house)
        with house.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
            assert tx.scalars(select(lanes.c.id).where(lanes.c.leased_by.is_not(None))).all() == []
    _numbered(here.house)
    _told_rightly(here.house)
    _one_image(here)


def tidy(house: House) -> None:
    """No file lies in the home that nobody removes."""
    assert {file.name for file in house.folder.iterdir()} <= KEPT
    assert [file.name for file in (house.folder / "keys").iterdir() if file.name[0] == "."] == []


def _numbered(house: House) -> None:
    """No gap in either lane's numbers, each batch names the one before, none is left open."""
    with house.database.read() as tx:
        sent = batch.every(tx)
        open_ = tx.execute(select(attempts.c.batch_id).where(attempts.c.ended_at.is_(None))).all()
        lives = select(disclosures.c.ref).where(
            disclosures.c.withdraw_since.is_not(None), disclosures.c.gone_at.is_(None)
        )
        assert tx.scalars(lives).all() == [], "withdrawn, and not confirmed"
    assert open_ == []
    for place in {(one.lane_id, one.epoch) for one in sent}:
        lane = [one for one in sent if (one.lane_id, one.epoch) == place]
        assert [one.number for one in lane] == list(range(1, len(lane) + 1))
        assert [one.previous_digest for one in lane[1:]] == [one.digest for one in lane[:-1]]
    assert {one.state for one in sent} <= {State.SETTLED, State.REFUSED}


def _told_rightly(house: House) -> None:
    """In the ledger's order: nothing about a life is claimed, or sent again, once its consent was
    taken back; and what is in the files is what the ledger says.
    """
    with house.database.read() as tx:
        said = tx.execute(select(entries).order_by(entries.c.position)).all()
        files = tx.execute(select(batch_files)).all()
    over: set[str] = set()
    told: dict[tuple[str, int, int], set[str]] = {}
    versions: set[tuple[str, int]] = set()
    for row in said:
        entry = orjson.loads(row.entry)
        if row.kind == "revoked":
            over |= {str(life[0]) for life in entry["lives"]}
        elif row.kind == "disclosed":
            key = (entry["lane"], entry["batch"], entry["issue"])
            told[key] = {one[1] for one in entry["announced"]}
            versions |= {(one[1], one[2]) for one in entry["announced"]}
            assert not told[key] & over, "claimed after its consent was taken back"
        elif row.kind == "sent again":
            key = (entry["lane"], entry["batch"], entry["issue"])
            assert not told[key] & over, "sent again after its consent was taken back"
    for row in files:
        for record in _records(house, bytes(row.file)):
            assert (record.ref, record.version) in versions, "told, and not in the ledger"


def _records(house: House, file: bytes) -> Any:
    content = open_sealed(file, [house.key.certificate], datetime.now(UTC)).content
    opened = exchange.read_batch(content)
    return () if opened.document is None else MAPPERS["mx-neec"].read(opened.document)


def _one_image(here: World) -> None:
    """Each issue of a number left in one version of bytes only."""
    seen: dict[object, bytes] = {}
    for partner, file in here.wire.journal:
        content = open_sealed(
            file, [here.house.key.certificate], datetime.now(UTC) + timedelta(seconds=1)
        ).content
        header = exchange.read_batch(content).header
        issue = (partner, header.lane, header.epoch, header.number, header.issue)
        assert seen.setdefault(issue, file) == file, "two versions of one issue"

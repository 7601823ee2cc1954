"""A backup is whole, private, ours and of a kind we know, or nothing is made of it."""

import fcntl
import io
import stat
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from gateway import home
from gateway.backup import archive, making, manifest, place, restoring, verifying
from gateway.backup.manifest import Facts, Manifest
from gateway.settings import Settings
from outbox import ledger, restored
from schemas import copies, migration
from schemas.errors import BadRequest
from schemas.sqlite import SQLiteFile
from schemas.tables import home as homes
from schemas.tables import ledger_head
from signing import key_file, keys
from signing.keeping import Keeping
from signing.seal import seal
from tests.conftest import FILE_ONLY
from tests.gateway.backup.loss import back_up, empty, parts, restore
from tests.outbox.two_ends import MEXICO
from tests.world import START, World

ROWS = ("members", "batches", "disclosures", "ledger", "consents")


def test_it_is_one_private_file_with_a_signed_manifest(told: World, file: Path):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir() if "mrx-" in one.name] == []
    found = verifying.verify(
        file, trusted=[told.house.key.certificate], now=told.clock(), show=lambda _d, _n: None
    )
    assert found.known
    facts = found.manifest.facts
    assert facts.programme == "us-ctpat"
    assert (facts.rows["members"], facts.rows["ledger"]) == (3, facts.ledger_size)
    with told.house.database.read() as tx:
        last = ledger.head(tx)
        entry = tx.execute(text("SELECT kind FROM ledger ORDER BY position DESC LIMIT 1"))
        assert entry.scalar() == "backup made"
    assert last.size == facts.ledger_size + 1
    assert {one.partner for one in facts.lanes} >= {MEXICO}


def test_no_private_key_is_in_it(file: Path):
    inside = parts(file)

    assert {"README.txt", "manifest.p7m", "keys/signing.crt"} < inside.keys()
    assert not any(name.endswith(".key") for name in inside)
    assert not any(b"PRIVATE KEY" in piece for piece in inside.values())


def test_what_is_there_is_never_replaced(told: World, tmp_path: Path):
    (tmp_path / "b.zip").write_bytes(b"somebody's")

    with pytest.raises(BadRequest, match="MRX-5012"):
        back_up(told, tmp_path / "b.zip")

    assert (tmp_path / "b.zip").read_bytes() == b"somebody's"
    assert back_up(told, tmp_path).name.startswith("mrx-us-ctpat-2026")


@FILE_ONLY
def test_keys_go_in_only_under_a_passphrase(told: World, tmp_path: Path):
    lie = told.house.folder / "keys"
    with pytest.raises(BadRequest, match="MRX-5072"):
        making.make(told.house, tmp_path / "k.zip", with_keys=True, by="t", now=told.clock())
    assert not (tmp_path / "k.zip").exists()
    secret = tmp_path / "passphrase"
    secret.write_text("an invented passphrase, long enough\n")
    secret.chmod(0o600)
    keys.protect(lie / "signing.key", Keeping(passphrase_file=secret))
    made = making.make(told.house, tmp_path / "k.zip", with_keys=True, by="t", now=told.clock())
    inside = parts(made.file)
    assert inside["keys/signing.key"].startswith(b"-----BEGIN ENCRYPTED")
    assert "keys/sign-in.key" not in inside

    bare = Settings(home=tmp_path / "bare", key_passphrase_file=secret)
    with pytest.raises(BadRequest, match="MRX-5075"):  # nobody has said whose it is
        restoring.restore(bare, made.file, by="t", now=told.clock())
    fingerprint = told.house.key.certificate.fingerprint
    restoring.restore(bare, made.file, fingerprint=fingerprint, by="t", now=told.clock())

    assert stat.S_IMODE((bare.home / "keys/signing.key").stat().st_mode) == 0o600
    assert key_file.kept(bare.home / "keys/signing.key") == "encrypted"
    again = home.open_home(bare)
    assert again.key.certificate.fingerprint == fingerprint
    again.database.close()


def test_it_is_restored_with_every_row_and_marked(told: World, file: Path):
    def rows(world: World) -> dict[str, int]:
        with world.house.database.read() as tx:
            return {
                name: tx.execute(text(f"SELECT count(*) FROM {name}")).scalar()
                for name in ROWS
                if name != "ledger"
            }

    before = rows(told)
    restore(told, file)

    assert rows(told) == before
    with told.house.database.read() as tx:
        standing = restored.standing(tx)
        first = tx.execute(
            text("SELECT kind FROM ledger WHERE position = :p"), {"p": _size(file) + 1}
        )
        assert first.scalar() == "restored"
        assert ledger.verify(tx).broken_at is None
    assert standing.shut == (MEXICO,)


def _size(file: Path) -> int:
    with archive.reading(file) as reader:
        (own,) = reader.certificates()
    return verifying.verify(
        file, trusted=[own], now=START.replace(year=2027)
    ).manifest.facts.ledger_size


def test_nothing_is_restored_over_something(told: World, file: Path):
    occupied = Settings(home=told.house.folder, database_url=_url(told))

    with pytest.raises(BadRequest, match="MRX-5073"):
        restoring.restore(occupied, file, by="test", now=told.clock())

    with told.house.database.read() as tx:
        assert restored.standing(tx) is None


@FILE_ONLY
@pytest.mark.parametrize("rest", ["mrx.db-wal", "mrx.db-journal"])
def test_a_log_of_a_database_that_was_taken_away_is_not_read_into_the_new_one(
    told: World, file: Path, rest: str
):
    """SQLite would take its pages for the restored file's own."""
    left = empty(told)
    (left.home / rest).write_bytes(b"pages of another database")

    with pytest.raises(BadRequest, match=rest):
        restoring.restore(left, file, by="test", now=told.clock())


@FILE_ONLY
def test_who_was_faster_keeps_what_is_there(
    told: World, file: Path, monkeypatch: pytest.MonkeyPatch
):
    left = empty(told)

    def marked(*what: object, **how: object) -> None:
        (left.home / home.DATABASE).write_bytes(b"another's")

    monkeypatch.setattr(restored, "mark", marked)
    with pytest.raises(BadRequest, match="MRX-5073"):
        restoring.restore(left, file, by="test", now=told.clock())

    assert (left.home / home.DATABASE).read_bytes() == b"another's"


def test_a_room_that_was_swept_before_it_was_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Two backups into one folder at one moment: neither takes the other's room for a dead one's."""
    plain, swept = fcntl.flock, []

    def lock(held: int, how: int) -> None:
        if not swept:
            swept.extend(place.left(tmp_path, "x"))
            swept[0].rmdir()
        plain(held, how)

    monkeypatch.setattr(place.fcntl, "flock", lock)
    with place.workroom(tmp_path, "x") as room:
        assert room.exists()
        assert room not in swept
    assert place.left(tmp_path, "x") == []


def _url(world: World) -> str | None:
    url = getattr(world.house.database, "url", None)
    return None if url is None else url.render_as_string(hide_password=False)


@FILE_ONLY
def test_an_older_schema_is_migrated(told: World, tmp_path: Path):
    older = SQLiteFile(tmp_path / "old.db")
    with older.migrate() as tx:
        migration.upgrade(tx, "0005")
        columns = {"id": 1, "programme": "us-ctpat", "created_at": START}
        tx.execute(insert(homes).values(columns))
        tx.execute(insert(ledger_head).values(id=1, size=0, digest=ledger.GENESIS))
        tx.exec_driver_sql(
            "INSERT INTO lanes (id, partner, kind, rank, epoch, next_number, look_at, leased_until,"
            " fence, served_at, failures, trips, paused, batch_max)"
            " VALUES (1, 'mx-neec', 'routine', 5, '00112233445566aa', 7, 0, 0, 3, 0, 0, 0, 0, 10),"
            " (2, 'mx-neec', 'urgent', 0, '00112233445566ab', 1, 0, 0, 3, 0, 0, 0, 0, 10)"
        )
    older.close()
    copies.copy(tmp_path / "old.db", tmp_path / manifest.SQLITE, lambda _: None)
    now = told.clock()
    file = tmp_path / "b.zip"
    with archive.writing(file, now=now) as out:
        for name in (manifest.SQLITE,):
            with (tmp_path / name).open("rb") as source:
                out.add(name, source, step=lambda _: None)
        out.add(
            "keys/signing.crt",
            io.BytesIO(told.house.key.certificate.pem.encode()),
            step=lambda _: None,
        )
        said = Manifest(
            made_at=now,
            made_by="t",
            version="0.5",
            database="SQLite",
            certificate=told.house.key.certificate.fingerprint,
            with_keys=False,
            facts=Facts(
                programme="us-ctpat",
                schema="0005",
                ledger_size=0,
                ledger_digest=ledger.GENESIS,
                lanes=(),
                rows={},
            ),
            parts=out.parts,
        )
        out.close(seal(manifest.written(said), told.house.key, now))

    verifying.verify(file, trusted=[told.house.key.certificate], now=now)
    restore(told, file)

    with told.house.database.read() as tx:
        assert migration.current(tx) == migration.head()
        lane = tx.execute(text("SELECT epoch, next_number, restored_at FROM lanes WHERE id = 1"))
        epoch, number, since = lane.one()
    assert epoch != "00112233445566aa"
    assert (number, since is None) == (1, False)

"""A backup that is damaged, or brought by somebody who means harm: nothing is made of it."""

import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import home
from gateway.backup import archive, manifest, restoring, verifying
from gateway.settings import Settings
from outbox import ledger
from schemas.errors import BadRequest, MrxError
from signing import keys
from signing.seal import seal
from tests import servers
from tests.conftest import FILE_ONLY
from tests.gateway.backup.loss import back_up, empty, parts
from tests.outbox.two_ends import MEXICO
from tests.world import World


def packed(file: Path, content: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, piece in content.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = attributes.get(name.partition(".")[0], 0)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, piece)
    return file


def refused(world: World, file: Path, **more: object) -> str:
    """Neither verified nor restored; the code of why, and nothing is left of it."""
    left = empty(world)
    try:
        with pytest.raises(MrxError) as caught:
            restoring.restore(left, file, by="test", now=world.clock(), **more)
        assert not (left.home / home.DATABASE).exists()
        assert [one.name for one in left.home.iterdir()] == ["keys"]
    finally:
        if left.database_url is not None:
            servers.drop(left.database_url.set(database="postgres"), left.database_url)
    return caught.value.code


@FILE_ONLY
@pytest.mark.parametrize(
    "name",
    ["../escaped", "/etc/escaped", "keys/../../escaped", "database.sqlite.bak", "keys/.hidden"],
)
def test_a_part_nobody_signed_for_is_refused(told: World, file: Path, tmp_path: Path, name: str):
    doctored = packed(tmp_path / "d.zip", {**parts(file), name: b"hostile"})

    assert refused(told, doctored) == "MRX-9018"
    assert not list(tmp_path.rglob("escaped"))


@FILE_ONLY
def test_a_link_is_refused(told: World, file: Path, tmp_path: Path):
    doctored = packed(tmp_path / "d.zip", parts(file), README=(stat.S_IFLNK | 0o777) << 16)

    assert refused(told, doctored) == "MRX-9018"


@FILE_ONLY
def test_a_changed_byte_anywhere_is_refused(told: World, file: Path, tmp_path: Path):
    whole = parts(file)
    for name, piece in whole.items():
        at = len(piece) // 2
        other = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
        doctored = packed(tmp_path / "d.zip", {**whole, name: other})
        assert refused(told, doctored)[:4] == "MRX-", name


@FILE_ONLY
def test_half_a_file_or_none_of_ours_is_refused(told: World, file: Path, tmp_path: Path):
    half, none = tmp_path / "half.zip", tmp_path / "none.zip"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    none.write_bytes(b"not a backup")

    assert refused(told, half) == "MRX-9018"
    assert refused(told, none) == "MRX-9018"
    assert refused(told, tmp_path / "missing.zip") == "MRX-5009"


def resigned(world: World, file: Path, key: keys.SigningKey, **changed: object) -> dict[str, bytes]:
    """The same parts under a manifest that says something else, properly signed."""
    inside = parts(file)
    with archive.reading(file) as reader:
        said = verifying._believed(reader, [world.house.key.certificate], world.clock()).manifest
    now = world.clock()
    inside["manifest.p7m"] = seal(manifest.written(replace(said, **changed)), key, now)
    return inside


@FILE_ONLY
def test_a_bomb_costs_nothing(told: World, file: Path, tmp_path: Path):
    """A part unpacks to far more than was signed for: it is refused before it is unpacked."""
    inside = parts(file)
    inside["README.txt"] = bytes(48 << 20)

    doctored = packed(tmp_path / "d.zip", inside)

    assert doctored.stat().st_size < 2 << 20
    assert refused(told, doctored) == "MRX-9018"


@FILE_ONLY
def test_another_gateways_is_refused(told: World, file: Path, tmp_path: Path):
    theirs = resigned(told, file, told.partners[MEXICO].key)
    theirs["keys/signing.crt"] = told.partners[MEXICO].key.certificate.pem.encode()

    assert refused(told, packed(tmp_path / "d.zip", theirs)) == "MRX-5075"
    assert refused(told, file, fingerprint="0" * 64) == "MRX-5075"


@FILE_ONLY
def test_what_a_stranger_signed_is_not_unpacked(
    told: World, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Into a bare home folder, where no certificate says whose it should be."""
    took = []
    monkeypatch.setattr(verifying, "_take", lambda *what: took.append(what))
    bare = Settings(home=tmp_path / "bare")

    for fingerprint in (None, "0" * 64):
        with pytest.raises(BadRequest, match="MRX-5075"):
            restoring.restore(bare, file, fingerprint=fingerprint, by="test", now=told.clock())
        with pytest.raises(BadRequest, match="MRX-5075"):
            restoring.rehearse(bare, file, fingerprint=fingerprint, now=told.clock(), show=_unseen)

    assert took == []


def _unseen(_done: int, _note: str) -> None:
    return None


def test_a_newer_programs_is_refused(told: World, file: Path, tmp_path: Path):
    with archive.reading(file) as reader:
        said = verifying._believed(reader, [told.house.key.certificate], told.clock()).manifest
    newer = resigned(told, file, told.house.key, facts=replace(said.facts, schema="9999"))

    doctored = packed(tmp_path / "d.zip", newer)
    assert refused_in_full(told, doctored) == "MRX-9002"
    assert refused(told, doctored) == "MRX-9002"


def test_a_manifest_that_lies_about_the_ledger_is_found_out(
    told: World, file: Path, tmp_path: Path
):
    with archive.reading(file) as reader:
        said = verifying._believed(reader, [told.house.key.certificate], told.clock()).manifest
    lie = replace(said.facts, ledger_size=said.facts.ledger_size - 1)
    doctored = packed(tmp_path / "d.zip", resigned(told, file, told.house.key, facts=lie))

    assert refused_in_full(told, doctored) == "MRX-9018"


def refused_in_full(world: World, file: Path) -> str:
    """By `verify`, which walks the ledger."""
    with pytest.raises(MrxError) as caught:
        verifying.verify(file, trusted=[world.house.key.certificate], now=world.clock())
    return caught.value.code


def test_a_ledger_holds_whatever_its_entries_say(told: World, tmp_path: Path):
    awkward = {"reason": 'tab\t line\n back\\slash \\n \\N "quoted" \u2028 \x01', "by": "\\."}
    with told.house.database.write() as tx:
        ledger.add(tx, "reason\\t", awkward, now=told.clock(), subject="\\N")
    file = back_up(told, tmp_path / "b.zip")

    verifying.verify(file, trusted=[told.house.key.certificate], now=told.clock())


def test_a_ledger_that_does_not_verify_is_found_out(told: World, tmp_path: Path):
    with told.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE ledger SET kind = 'changed' WHERE position = 2")
    file = back_up(told, tmp_path / "b.zip")

    assert refused_in_full(told, file) == "MRX-9006"

"""The partner door: each flaw gets its verdict by HTTP, and leaves no more than it must."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.api.problems import status_of
from schemas.receipt import Verdict
from schemas.tables import foreign_members
from signing import keys as signing_keys
from tests.conftest import connected_world
from tests.flaws.batches import GONE, MARKS, REFS, Said, Spoilt, honest, record, written
from tests.flaws.catalogue import BATCHES, SEALED
from tests.flaws.partner_end import PartnerEnd, changed, logged, rows
from tests.flaws.sealed import Bench, Flaw
from tests.world import START, World, new_key

# What a batch that is answered leaves behind, whatever the answer: the file, its receipt, the
# lane's place, the ledger's word, and when the partner was last heard.
ANSWERED = {"inbound_batches", "inbound_lanes", "ledger", "ledger_head", "foreign_rolls"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A partner of each kind, with a stranger of its kind and name beside it."""
    folder = tmp_path_factory.mktemp("keys")
    named = {"rsa": "mx-neec", "p256": "ca-pip"}
    made = {}
    for kind, code in named.items():
        # All under one name: a namesake differs by nothing but its key.
        for file in (code, f"stranger-{kind}"):
            signing_keys.create(folder / f"{file}.key", "us-ctpat", START, kind=kind)
        for suffix in (".key", ".crt"):
            shutil.copy(folder / f"{code}{suffix}", folder / f"{kind}{suffix}")
        made[code] = folder / f"{code}.key"
    return made | {"us-ctpat": new_key(folder, "us-ctpat", kind="p256")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, Path]) -> Iterator[World]:
    made = connected_world(tmp_path_factory.mktemp("home"), keys, ("mx-neec", "ca-pip"))
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def end(world: World) -> PartnerEnd:
    """Mexico, whose honest batch has been taken."""
    made = PartnerEnd(world)
    made.close(honest())
    return made


def of(*verdicts: Said) -> pytest.MarkDecorator:
    some = [flaw for flaw in BATCHES if flaw.said in verdicts]
    return pytest.mark.parametrize("flaw", some, ids=str)


def silent(*texts: str) -> None:
    for text in texts:
        assert not [mark for mark in (*MARKS, *REFS, GONE) if mark in text]


def versions(world: World) -> dict[str, int]:
    """What we hold: each ref's version."""
    query = select(foreign_members.c.ref, foreign_members.c.version)
    with world.house.database.read() as tx:
        return dict(tx.execute(query).all())


def told(end: PartnerEnd) -> bytes:
    """The next honest batch: the three members, each by a version of its own."""
    some = [record(n, version=1_000_000 + end.number) for n in range(3)]
    return written(*some, number=end.number, previous=end.previous)


@of(Said.PROBLEM)
def test_a_batch_nobody_could_answer_is_a_problem_and_nothing_is_kept(
    end: PartnerEnd, flaw: Spoilt
):
    file = end.sealed(flaw.make(told(end)))
    before = rows(end.world.house)

    with logged() as log:
        answer = end.bring(file)

    assert (answer.status_code, answer.json()["code"]) == (status_of(flaw.code), flaw.code)
    assert changed(before, rows(end.world.house)) == set()
    silent(answer.text, log.getvalue())


@of(Said.CLOSED)
def test_a_batch_that_cannot_be_used_is_refused_by_receipt_and_no_member_of_it_is_taken(
    end: PartnerEnd, flaw: Spoilt
):
    content = flaw.make(told(end))
    before = rows(end.world.house)

    with logged() as log:
        receipt = end.close(content)

    assert (receipt.verdict, receipt.code) == (Verdict.REFUSED, flaw.code)
    assert changed(before, rows(end.world.house)) == ANSWERED
    silent(log.getvalue())


@of(Said.ALONE)
def test_a_record_that_cannot_be_taken_is_refused_alone(end: PartnerEnd, flaw: Spoilt):
    before, version = versions(end.world), 1_000_000 + end.number

    with logged() as log:
        receipt = end.close(flaw.make(told(end)))

    assert receipt.verdict is Verdict.REFUSALS
    assert [(refusal.ref, refusal.code) for refusal in receipt.refused] == [(REFS[1], flaw.code)]
    assert versions(end.world) == before | {REFS[0]: version, REFS[2]: version}
    silent(log.getvalue())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rsa", "p256"])
@pytest.mark.parametrize("flaw", [one for one in SEALED if not one.asks], ids=str)
def test_a_file_that_is_not_believed_is_a_problem_and_nothing_is_kept(
    world: World, keys: dict[str, Path], flaw: Flaw, kind: str
):
    if kind not in flaw.kinds:
        return
    refused(world, keys, flaw, kind)


@pytest.mark.second_opinion
@pytest.mark.parametrize("kind", ["rsa", "p256"])
@pytest.mark.parametrize("flaw", [one for one in SEALED if one.asks], ids=str)
def test_a_file_made_by_openssl_that_is_not_believed_is_a_problem(
    world: World, keys: dict[str, Path], flaw: Flaw, kind: str
):
    if kind in flaw.kinds:
        refused(world, keys, flaw, kind)


def refused(world: World, keys: dict[str, Path], flaw: Flaw, kind: str) -> None:
    end = PartnerEnd(world, "mx-neec" if kind == "rsa" else "ca-pip")
    folder = keys["us-ctpat"].parent
    stranger_file = folder / f"stranger-{kind}.key"
    bench = Bench(
        key=end.key,
        key_file=folder / f"{kind}.key",
        stranger=signing_keys.load(stranger_file),
        stranger_file=stranger_file,
    )
    file, before = flaw.make(bench), rows(world.house)

    for door in ("batches", "receipts"):
        with logged() as log:
            answer = end.bring(file, to=door)
        assert (answer.status_code, answer.json()["code"]) == (status_of(flaw.code), flaw.code)
        assert "Acme" not in answer.text + log.getvalue()
    assert changed(before, rows(world.house)) == set()


def test_a_sealed_file_in_a_sealed_file_is_no_batch(end: PartnerEnd):
    """Both seals are good; what is inside the outer one is no XML."""
    before = rows(end.world.house)

    answer = end.bring(end.sealed(end.sealed(told(end))))

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-2302")
    assert changed(before, rows(end.world.house)) == set()


def test_after_all_that_the_next_honest_batch_is_taken(end: PartnerEnd):
    """Whatever was brought before: this test stands last."""
    version = 1_000_000 + end.number

    assert end.close(told(end)).verdict is Verdict.ALL
    assert {versions(end.world)[ref] for ref in REFS} == {version}
    silent(end.client.get("/metrics").text)

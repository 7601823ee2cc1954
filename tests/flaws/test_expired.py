"""A pinned certificate is no credential before its first day or after its last, whatever it sealed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from partners import certificates
from schemas.receipt import Verdict
from signing import keys
from signing.keys import SigningKey
from signing.open import open_sealed
from signing.seal import seal
from tests.conftest import connected_world
from tests.flaws.batches import GONE, MARKS, REFS, honest
from tests.flaws.partner_end import PartnerEnd, changed, logged, rows
from tests.signing.forge import Draft, honest_attributes
from tests.world import START, World, member, pinned

DAY = timedelta(days=1)
# When each certificate was made; it lasts for `keys.LIFE` from then on.
MADE: dict[str, Callable[[], datetime]] = {
    "expired": lambda: datetime.now(UTC) - keys.LIFE - 2 * DAY,
    "not valid yet": lambda: datetime.now(UTC) + 2 * DAY,
}


def in_its_time(content: bytes, key: SigningKey) -> bytes:
    """Sealed when the certificate is valid: long ago, or in the name of a day to come."""
    return seal(content, key, key.certificate.not_before + DAY)


def today(content: bytes, key: SigningKey) -> bytes:
    """Sealed now, by a program that does not look."""
    attributes = honest_attributes(content, now=datetime.now(UTC).replace(microsecond=0))
    return Draft(key=key, content=content, attributes=attributes).file()


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What Mexico brings: a batch of its own, and the receipt for ours, which was lost on the way."""

    end: PartnerEnd
    contents: dict[str, bytes]
    dated: dict[str, SigningKey]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[World]:
    made = connected_world(tmp_path_factory.mktemp("home"), key_files, ("mx-neec",))
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def brought(world: World, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    lost: list[bytes] = []
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.answer = lambda _end, _file, receipt: lost.append(receipt) or b"lost"
    world.deliver(rounds=1)
    mexico = world.partners["mx-neec"]
    receipt = open_sealed(lost[0], [mexico.key.certificate], START).content
    dated = {}
    for kind, made_at in MADE.items():
        file = tmp_path_factory.mktemp("dated") / "further.key"
        dated[kind] = keys.create(file, "mx-neec", made_at(), kind="p256")
        with world.house.database.write() as tx:
            one = pinned(replace(mexico, key=dated[kind]), "mx-neec")
            certificates.pin(tx, one, now=START)
    contents = {"batches": honest(), "receipts": receipt}
    return Brought(end=PartnerEnd(world), contents=contents, dated=dated)


@pytest.mark.parametrize("route", ["batches", "receipts"])
@pytest.mark.parametrize("sealed", [in_its_time, today])
@pytest.mark.parametrize("kind", MADE)
def test_a_file_under_a_certificate_outside_its_time_is_refused_and_nothing_is_kept(
    world: World, brought: Brought, kind: str, sealed: Callable[..., bytes], route: str
):
    file = sealed(brought.contents[route], brought.dated[kind])
    before = rows(world.house)

    with logged() as log:
        answer = brought.end.bring(file, to=route)

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-3006")
    assert changed(before, rows(world.house)) == set()
    for text in (answer.text, log.getvalue()):
        assert not [mark for mark in (*MARKS, *REFS, GONE) if mark in text]


def test_the_same_under_a_certificate_that_is_valid_is_taken(world: World, brought: Brought):
    """It was the certificate that was refused; this test stands last."""
    receipt = brought.end.sealed(brought.contents["receipts"])

    assert brought.end.close(brought.contents["batches"]).verdict is Verdict.ALL
    assert brought.end.bring(receipt, to="receipts").status_code == 204
    assert world.states() == ["settled"]

"""One partner as it is shown: exactly what it is told, its certificates, holdings, working days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from gateway import own_keys
from gateway.views import calendar, fields
from gateway.views import partner as view
from outbox.house import House
from partners import agreements, staged_certificates
from schemas.agreement import Agreement
from schemas.errors import BadRequest
from schemas.status import Status
from schemas.tables import connection_tests
from signing import keys
from tests.conftest import BOTH
from tests.gateway.sender import Sender, some
from tests.world import World, member, pinned


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def shown(world: World) -> view.Partner:
    with world.house.database.read() as tx:
        return view.partner(tx, world.house, "mx-neec", now=world.clock.now)


def agreement(house: House) -> Agreement:
    with house.database.read() as tx:
        return agreements.get(tx, "mx-neec").agreement


def test_an_unknown_partner_is_refused(small_world: World):
    with (
        small_world.house.database.read() as tx,
        pytest.raises(BadRequest, match="MRX-5001"),
    ):
        view.partner(tx, small_world.house, "fr-aeo", now=small_world.clock.now)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_leaves_is_what_text_agreement_and_format_have_in_common(small_world: World):
    house = small_world.house
    narrowed = replace(
        agreement(house),
        schemes=frozenset({"SCAC", "MID"}),
        statuses=frozenset({Status.EXCEEDING, Status.REMOVED}),
    )
    text = replace(house.texts["neec-2014"], schemes=frozenset({"SCAC", "ICR"}))

    told = fields.of(replace(house, texts={text.id: text}), narrowed)

    assert {one.scheme: (one.leaves, one.allowed, one.texts) for one in told.identifiers} == {
        "SCAC": (True, True, ("neec-2014",)),
        "MID": (False, True, ()),
        "ICR": (False, False, ("neec-2014",)),
    }
    assert {one.status: one.word for one in told.statuses if one.word} == {
        Status.EXCEEDING: "validada",  # the text names no tiers
        Status.REMOVED: "cancelada",
    }
    assert told.losses


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_benefit_level_leaves_only_where_a_text_names_tiers(small_world: World):
    house = small_world.house
    text = replace(house.texts["neec-2014"], names_tiers=True)

    told = fields.of(replace(house, texts={text.id: text}), agreement(house))

    words = {one.status: one.word for one in told.statuses}
    assert (told.tiers, words[Status.EXCEEDING]) == (True, "destacada")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_the_page_says_leaves_is_what_the_sealed_record_holds(small_world: World):
    """The claim is held against the bytes: every identifier and word that left was announced."""
    numbers = [{"scheme": "SCAC", "value": "QXQQ"}, {"scheme": "MID", "value": "MXINVCOM123TIJ"}]
    small_world.push(member("10000001", identifiers=numbers, status="EXCEEDING"))
    small_world.grant("10000001")
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", schemes=["SCAC"])
    small_world.deliver()

    told = shown(small_world).fields
    ((_, file),) = small_world.wire.journal

    leaves = {one.scheme for one in told.identifiers if one.leaves}
    assert leaves == {"SCAC"}
    assert (b"QXQQ" in file, b"MXINVCOM123TIJ" in file) == (True, False)
    word = next(one.word for one in told.statuses if one.status is Status.EXCEEDING)
    assert word is not None
    assert word.encode() in file


def test_certificates_of_both_ends_are_there_and_what_waits_is_not_valid(
    small_world: World, tmp_path
):
    world = small_world
    other = keys.create(tmp_path / "other.key", "mrx mx-neec", world.clock.now, kind="p256")
    theirs = replace(
        pinned(world.partners["mx-neec"], "mx-neec"),
        fingerprint=other.certificate.fingerprint,
        pem=other.certificate.pem,
    )
    with world.house.database.write() as tx:
        first = world.partners["mx-neec"].key.certificate.fingerprint
        staged_certificates.stage(tx, theirs, under=first, now=world.clock.now)
    own_keys.stage(world.house, world.house.folder, by="test", now=world.clock.now)

    found = {(one.owner, one.state): one for one in shown(world).certificates}

    assert {key: one.valid for key, one in found.items()} == {
        ("mx-neec", "pinned"): True,
        ("mx-neec", "staged"): False,
        ("us-ctpat", "current"): True,
        ("us-ctpat", "next"): True,
    }
    ours = found["us-ctpat", "current"]
    assert ours.days_left == (ours.not_after - world.clock.now).days


def test_holdings_are_ours_by_their_receipts_beside_their_own_word(small_world: World):
    world = small_world
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    world.deliver()
    sender = Sender(world)
    sender.send(sender.next(some(3)), now=world.clock.now)

    found = shown(world).holdings

    assert (found.sent, found.theirs) == (2, 3)
    assert found.check is not None
    assert (found.check.agree, found.check.held_count) == (True, 2)
    assert found.theirs_heard_at is not None


def test_the_last_test_of_the_way_is_shown(small_world: World):
    findings = [{"step": "dns", "result": "failed", "sentence": "no", "next": "look"}]
    assert shown(small_world).tested is None
    with small_world.house.database.write() as tx:
        tx.execute(
            insert(connection_tests).values(
                partner="mx-neec", at=small_world.clock.now, by="jdoe", findings=findings
            )
        )

    tested = shown(small_world).tested

    assert tested is not None
    assert (tested.well, tested.by, tested.findings[0]["next"]) == (False, "jdoe", "look")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("now", "works", "following", "says"),
    [
        ("2026-11-20T15:00", True, date(2026, 11, 24), "It is Friday, 09:00 there, a working day."),
        ("2026-11-21T03:00", True, date(2026, 11, 24), "It is Friday, 21:00 there"),
        ("2026-11-21T15:00", False, date(2026, 11, 24), "back on Tuesday 2026-11-24"),
        ("2026-11-23T15:00", False, date(2026, 11, 24), "no working day"),
    ],
)
def test_the_calendar_explains_waiting_in_their_own_day(
    small_world: World, now: str, works: bool, following: date, says: str
):
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", time_zone="America/Mexico_City", holidays=["2026-11-23"])
        registered = agreements.get(tx, "mx-neec")

    today = calendar.of(registered, now=datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert (today.works_today, today.next_day) == (works, following)
    assert says in today.sentence
    assert today.working_days[0] == "Monday"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_where_nobody_ever_works_that_is_said(small_world: World):
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", working_days=[])
        registered = agreements.get(tx, "mx-neec")

    today = calendar.of(registered, now=small_world.clock.now + timedelta(days=1))

    assert today.next_day is None
    assert "no working day is known" in today.sentence

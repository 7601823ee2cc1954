"""A certificate waits for two persons, and for nobody else's word."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from outbox.house import House
from partners import certificates, staged_certificates
from partners.certificates import Pinned
from partners.staged_certificates import STAGED_MAX, State
from schemas.errors import BadRequest, MrxError
from schemas.tables import certificates as pins
from tests.world import START, World


def wanted(fingerprint: str = "ab" * 32, partner: str = "mx-neec") -> Pinned:
    return Pinned(
        fingerprint=fingerprint,
        partner=partner,
        pem="invented",
        not_before=START,
        not_after=START + timedelta(days=365),
    )


@pytest.fixture
def house(whole_world: World) -> House:
    return whole_world.house


@pytest.fixture
def under(whole_world: World) -> str:
    """Mexico's pinned certificate."""
    return whole_world.partners["mx-neec"].key.certificate.fingerprint


def stage(tx: Connection, certificate: Pinned, under: str) -> tuple[State, bool]:
    return staged_certificates.stage(tx, certificate, under=under, now=START)


def approve(tx: Connection, by: str) -> State:
    waiting = staged_certificates.get(tx, wanted().fingerprint)
    return staged_certificates.approve(tx, waiting, by=by, now=START)


def code(work) -> str:
    with pytest.raises(MrxError) as raised:
        work()
    return raised.value.code


def test_two_persons_pin_it_and_it_waits_no_longer(house: House, under: str):
    with house.database.write() as tx:
        assert stage(tx, wanted(), under) == (State.STAGED, True)
        assert certificates.owner(tx, wanted().fingerprint) is None

        assert approve(tx, "ada") is State.APPROVED_ONCE
        assert certificates.owner(tx, wanted().fingerprint) is None
        [waiting] = staged_certificates.every(tx, partner="mx-neec")
        assert (waiting.approved_by, waiting.under) == ("ada", under)

        assert approve(tx, "grace") is State.PINNED
        assert certificates.owner(tx, wanted().fingerprint) == "mx-neec"
        assert staged_certificates.every(tx) == []


def test_one_person_twice_is_one_person(house: House, under: str):
    with house.database.write() as tx:
        stage(tx, wanted(), under)
        approve(tx, "ada")

        assert code(lambda: approve(tx, "ada")) == "MRX-7014"
        assert certificates.owner(tx, wanted().fingerprint) is None


def test_staging_again_changes_nothing_and_keeps_the_first_yes(house: House, under: str):
    with house.database.write() as tx:
        stage(tx, wanted(), under)
        approve(tx, "ada")

        assert stage(tx, wanted(), under) == (State.APPROVED_ONCE, False)
        approve(tx, "grace")
        assert stage(tx, wanted(), under) == (State.PINNED, False)
        assert staged_certificates.every(tx) == []


@pytest.mark.parametrize("pinned", [True, False])
def test_another_partner_s_certificate_is_not_staged(house: House, under: str, pinned: bool):
    with house.database.write() as tx:
        if pinned:
            certificates.pin(tx, wanted(partner="ca-pip"), now=START)
        else:
            stage(tx, wanted(partner="ca-pip"), under)

        assert code(lambda: stage(tx, wanted(), under)) == "MRX-5005"


def test_a_withdrawn_certificate_does_not_come_back_by_itself(house: House, under: str):
    with house.database.write() as tx:
        certificates.pin(tx, wanted(), now=START)
        here = pins.c.fingerprint == wanted().fingerprint
        tx.execute(update(pins).where(here).values(withdrawn_at=START))

        assert code(lambda: stage(tx, wanted(), under)) == "MRX-7015"


def test_whoever_asked_under_a_certificate_withdrawn_since_is_not_heard(house: House, under: str):
    with house.database.write() as tx:
        stage(tx, wanted(), under)
        approve(tx, "ada")
        tx.execute(update(pins).where(pins.c.fingerprint == under).values(withdrawn_at=START))

        assert code(lambda: approve(tx, "grace")) == "MRX-7015"


def test_a_partner_cannot_fill_the_house(house: House, under: str):
    with house.database.write() as tx:
        for n in range(STAGED_MAX):
            stage(tx, wanted(f"{n:064x}"), under)

        assert code(lambda: stage(tx, wanted(), under)) == "MRX-7015"
        assert stage(tx, wanted(partner="ca-pip"), under)[1]  # others still may


def test_one_that_is_not_there_or_another_partner_s_is_unknown(house: House, under: str):
    with house.database.write() as tx:
        assert code(lambda: staged_certificates.get(tx, wanted().fingerprint)) == "MRX-5015"
        stage(tx, wanted(), under)
        with pytest.raises(BadRequest):
            staged_certificates.get(tx, wanted().fingerprint, partner="ca-pip")


def test_they_are_listed_by_fingerprint_in_pages(house: House, under: str):
    names = [f"{n:064x}" for n in range(3)]
    with house.database.write() as tx:
        for name in reversed(names):
            stage(tx, wanted(name), under)

        first = staged_certificates.every(tx, at_most=2)
        rest = staged_certificates.every(tx, after=first[-1].certificate.fingerprint)

    assert [one.certificate.fingerprint for one in (*first, *rest)] == names

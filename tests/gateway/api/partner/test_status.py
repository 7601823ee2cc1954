"""One member's status: told to who may know it, and to nobody else, in content or in time."""

from typing import Any

import pytest

from outbox import lane as lanes
from partners import agreements
from schemas.consent import Event
from tests.conftest import BOTH
from tests.gateway.api.partner.puller import Puller, puller
from tests.gateway.api.partner.status_calls import ask, life, scac, two_known
from tests.world import World, member

UNKNOWN = {"known": False, "ref": None, "status": None}


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(whole_world: World) -> World:
    return two_known(whole_world)


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world, status_answer_seconds=0)


def test_a_member_they_were_told_of_is_known(world: World, mexico: Puller):
    assert ask(mexico) == {"known": True, "ref": life(world).ref, "status": "VALIDATED"}


def test_an_identifier_may_come_in_any_form_of_its_scheme(world: World, mexico: Puller):
    world.push(member("10000001", identifiers=[{"scheme": "ICR", "value": "12-3456789AB"}]))

    assert ask(mexico, "12-3456789AB", "ICR")["known"]


def test_the_answer_is_the_truth_of_now(world: World, mexico: Puller):
    """Better or worse than what they hold, and before any batch says so."""
    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    assert ask(mexico)["status"] == "SUSPENDED"

    world.push(member("10000001", identifiers=scac("QXQA"), status="EXCEEDING"))
    assert ask(mexico)["status"] == "VALIDATED"  # the consent names no tiers


def test_who_was_told_in_a_batch_without_an_answer_may_ask(world: World, mexico: Puller):
    world.grant("10000003", to=["mx-neec"])
    world.wire.plan = ["lost answer"]
    world.deliver(rounds=1)

    assert ask(mexico, "QXQC")["known"]


UNTOLD = {
    "no such value": ("QZZZ", "SCAC"),
    "another partner's member": ("QXQB", "SCAC"),
    "nobody's consent": ("QXQC", "SCAC"),
    "another scheme": ("QXQA", "MID"),
    "no identifier at all": ("%00%F0%9F%98%80", "SCAC"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", UNTOLD)
def test_anything_else_is_unknown(mexico: Puller, what: str):
    assert ask(mexico, *UNTOLD[what]) == UNKNOWN


def test_consented_and_not_told_yet_is_unknown(world: World, mexico: Puller):
    world.grant("10000003", to=["mx-neec"])

    assert ask(mexico, "QXQC") == UNKNOWN


def test_revoked_a_moment_ago_is_unknown(world: World, mexico: Puller):
    assert ask(mexico)["known"]
    world.revoke("10000001", of="mx-neec")

    assert ask(mexico) == UNKNOWN


def test_granted_anew_and_not_told_anew_is_unknown(world: World, mexico: Puller):
    """The new life has its own ref, which they have not been told."""
    world.revoke("10000001", of="mx-neec")
    world.grant("10000001", to=["mx-neec"])
    assert ask(mexico) == UNKNOWN

    world.deliver()
    assert ask(mexico) == {"known": True, "ref": life(world).ref, "status": "VALIDATED"}


def test_a_text_that_does_not_name_the_scheme_keeps_it_unknown(world: World, mexico: Puller):
    """Mexico's old text names no MID."""
    mid = {"scheme": "MID", "value": "MXINVCOM123TIJ"}
    world.push(member("10000001", identifiers=[*scac("QXQA"), mid]))

    assert ask(mexico)["known"]
    assert ask(mexico, "MXINVCOM123TIJ", "MID")["known"] is allows(world, "MID")


def allows(world: World, scheme: str) -> bool:
    with world.house.database.read() as tx:
        agreed = agreements.get(tx, "mx-neec").agreement.schemes
    return scheme in agreed & world.house.texts["neec-2014"].schemes


def closed(world: World) -> None:
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)


def paused(world: World) -> None:
    with world.house.database.write() as tx:
        lanes.pause(tx, "mx-neec", by="test", reason="invented", now=world.clock())


def not_releasable(world: World) -> None:
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["CERTIFIED"])


def scheme_not_agreed(world: World) -> None:
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", schemes=["MID"])


def feed_stale(world: World) -> None:
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE home SET consents_as_of = 0")


def left_the_roll(world: World) -> None:
    world.push(member("10000002", identifiers=scac("QXQB")), mode="snapshot", approve=True)


def identifier_dropped(world: World) -> None:
    world.push(member("10000001", identifiers=scac("QXQZ")))


def shared(world: World) -> None:
    world.push(member("10000003", identifiers=scac("QXQA")))
    world.grant("10000003", to=["mx-neec"])
    world.deliver()


def status_nobody_knows(world: World) -> None:
    world.push(member("10000001", identifiers=scac("QXQA"), status="INVENTED"))


STOPS = (
    closed,
    paused,
    not_releasable,
    scheme_not_agreed,
    feed_stale,
    left_the_roll,
    identifier_dropped,
    shared,
    status_nobody_knows,
)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.__name__)
def test_whatever_stops_an_announcement_stops_the_answer(world: World, mexico: Puller, stop: Any):
    assert ask(mexico)["known"]
    stop(world)

    assert ask(mexico) == UNKNOWN


def test_a_sharer_they_were_not_told_of_does_not_count(world: World, mexico: Puller):
    world.push(member("10000003", identifiers=scac("QXQA")))
    world.grant("10000003", to=["ca-pip"])
    world.deliver()

    assert ask(mexico)["ref"] == life(world).ref


def test_never_another_partners_member(world: World, mexico: Puller):
    canada = puller(world, "ca-pip", status_answer_seconds=0)

    assert [ask(mexico, "QXQB")["known"], ask(canada, "QXQB")["known"]] == [False, True]
    assert [ask(mexico)["known"], ask(canada)["known"]] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    ["", "?scheme=SCAC", "?value=QXQA", "?scheme=XYZ&value=1", "?scheme=SCAC&value=" + "x" * 65],
)
def test_a_question_that_is_none_is_a_problem(mexico: Puller, query: str):
    answer = mexico.get(f"/status{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert "QXQA" not in answer.text


def test_nobody_asks_without_credentials(mexico: Puller):
    answer = mexico.client.get("/v1/partner/status?scheme=SCAC&value=QXQA")

    assert answer.status_code == 401


def test_consent_and_roll_keep_the_finding_table_in_step(world: World):
    """What a member is found by is what the roll says of it: new, changed, dropped."""
    world.push(
        member("10000001", identifiers=[]),
        member(
            "10000003", identifiers=[*scac("QXQC"), {"scheme": "MID", "value": "MXINVCOM123TIJ"}]
        ),
    )
    world.consent(["10000003"], "mx-neec", Event.GRANTED)

    with world.house.database.read() as tx:
        rows = tx.exec_driver_sql(
            "SELECT account, scheme, value FROM member_identifiers ORDER BY 1, 2, 3"
        )
        assert [tuple(row) for row in rows] == [
            ("10000002", "SCAC", "QXQB"),
            ("10000003", "MID", "MXINVCOM123TIJ"),
            ("10000003", "SCAC", "QXQC"),
        ]

"""One member's status: told to who may know it, and to nobody else, in content or in time."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from httpx2 import Response
from sqlalchemy import event, select

from outbox import lane as lanes
from outbox import ledger
from partners import agreements
from schemas.consent import Event
from schemas.tables import disclosures
from schemas.tables import ledger as ledger_
from tests.conftest import BOTH
from tests.gateway.api.partner.puller import Puller, by_the_wall_clock, puller
from tests.world import NEVER_ARRIVED, ONE, TWO, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


FLOOR = 0.1
UNKNOWN = {"known": False, "ref": None, "status": None}


def scac(value: str) -> list[dict[str, str]]:
    return [{"scheme": "SCAC", "value": value}]


@pytest.fixture
def world(whole_world: World) -> World:
    """Mexico holds one member and Canada another; each is known by a SCAC of its own."""
    world = by_the_wall_clock(whole_world)
    world.push(
        member("10000001", identifiers=scac("QXQA")),
        member("10000002", identifiers=scac("QXQB")),
        member("10000003", identifiers=scac("QXQC")),
    )
    world.grant("10000001", to=["mx-neec"])
    world.grant("10000002", to=["ca-pip"])
    world.deliver()
    assert (world.held("mx-neec").keys(), world.held("ca-pip").keys()) == ({ONE}, {TWO})
    return world


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world, status_answer_seconds=0)


def ask(who: Puller, value: str = "QXQA", scheme: str = "SCAC") -> dict[str, Any]:
    answer = who.get(f"/status?scheme={scheme}&value={value}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    assert said.keys() == {"known", "ref", "status", "as_of"}
    assert abs(datetime.fromisoformat(said.pop("as_of")) - datetime.now(UTC)) < timedelta(seconds=9)
    return said


def life(world: World, account: str = "10000001") -> Any:
    with world.house.database.read() as tx:
        mine = (disclosures.c.account == account) & disclosures.c.withdraw_since.is_(None)
        return tx.execute(select(disclosures).where(mine)).one()


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


# -- what is told counts ---------------------------------------------------------------------------


def test_good_news_told_by_an_answer_makes_bad_news_urgent(world: World, mexico: Puller):
    """They hold SUSPENDED, were answered VALIDATED: SUSPENDED again is news for the worse."""
    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    world.deliver()
    world.push(member("10000001", identifiers=scac("QXQA"), status="VALIDATED"))
    assert life(world).best_status == "SUSPENDED"
    assert ask(mexico)["status"] == "VALIDATED"
    assert life(world).best_status == "VALIDATED"

    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    with world.house.database.write() as tx:
        lanes.pause(tx, "mx-neec", by="test", reason="invented", now=world.clock())
    world.deliver()

    told = life(world)
    assert (told.told_status, told.best_status) == ("SUSPENDED", "SUSPENDED")
    assert told.held_version == told.version
    assert world.held("mx-neec") == {ONE: "SUSPENDED"}


def test_a_late_receipt_does_not_take_back_what_an_answer_told(world: World, mexico: Puller):
    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(rounds=1)  # in flight: SUSPENDED
    world.push(member("10000001", identifiers=scac("QXQA"), status="VALIDATED"))
    assert ask(mexico)["status"] == "VALIDATED"

    world.deliver(rounds=1)  # its receipt comes

    assert life(world).best_status == "VALIDATED"
    world.deliver()
    assert world.held("mx-neec") == {ONE: "VALIDATED"}


def test_an_identifier_confirmed_by_an_answer_counts_as_told(world: World, mexico: Puller):
    both = [*scac("QXQA"), {"scheme": "ICR", "value": "12-3456789AB"}]
    world.push(member("10000001", identifiers=both))
    assert ask(mexico, "12-3456789AB", "ICR")["known"]

    assert sorted(life(world).best_identifiers) == [["ICR", "12-3456789AB"], ["SCAC", "QXQA"]]


def test_asking_about_what_they_hold_changes_nothing(world: World, mexico: Puller):
    before = life(world)

    for _ in range(3):
        ask(mexico)

    assert life(world) == before


def test_the_ledger_says_that_was_asked_and_never_what_for(world: World, mexico: Puller):
    ask(mexico)
    ask(mexico, "QZZZ")

    with world.house.database.read() as tx:
        rows = tx.execute(select(ledger_).where(ledger_.c.kind == "asked")).all()
        assert ledger.verify(tx).broken_at is None
    known, unknown = rows
    assert (known.partner, known.subject, unknown.subject) == ("mx-neec", "10000001", None)
    told = orjson.loads(known.entry)
    assert told["ref"] == life(world).ref
    assert (told["known"], told["account"], told["status"]) == (True, "10000001", "VALIDATED")
    assert told["consent"] == life(world).consent_id
    assert orjson.loads(unknown.entry) == {"known": False, "scheme": "SCAC"}
    assert "QXQA" not in known.entry
    assert "QZZZ" not in unknown.entry


# -- nobody sees the difference --------------------------------------------------------------------


def looks(answer: Response) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, headers, len(answer.content), list(answer.json())


@pytest.mark.parametrize("value", ["QZZZ", "QXQB", "QXQC", "%00", "x" * 64])
def test_known_and_unknown_look_alike(mexico: Puller, value: str):
    known = mexico.get("/status?scheme=SCAC&value=QXQA")
    unknown = mexico.get(f"/status?scheme=SCAC&value={value}")

    assert looks(known) == looks(unknown)
    assert known.json()["known"]
    assert not unknown.json()["known"]


def test_known_and_unknown_take_alike_long(world: World):
    """No answer leaves before the floor, and none much later."""
    mexico = puller(world, status_answer_seconds=FLOOR)
    took: dict[str, list[float]] = {"QXQA": [], "QZZZ": [], "QXQB": []}
    for _ in range(7):
        for value, times in took.items():
            began = time.perf_counter()
            ask(mexico, value)
            times.append(time.perf_counter() - began)

    assert min(min(times) for times in took.values()) >= FLOOR
    medians = [statistics.median(times) for times in took.values()]
    assert max(medians) - min(medians) < FLOOR / 2, took


def test_the_same_statements_run_either_way(world: World, mexico: Puller):
    seen: dict[str, list[str]] = {}
    for value in ("QXQA", "QZZZ"):
        run = seen.setdefault(value, [])
        engine = world.house.database._writer

        def note(_c: Any, _r: Any, statement: str, *_: Any, run: list[str] = run) -> None:
            run.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        ask(mexico, value)
        event.remove(engine, "before_cursor_execute", note)

    assert seen["QXQA"] == seen["QZZZ"]
    assert seen["QXQA"]


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

"""What CBP's targeting systems are answered about foreign members."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text, update

from partners import agreements, foreign_roll
from schemas.identifiers import Identifier
from schemas.status import Status
from schemas.tables import foreign_rolls
from tests.gateway.api.source.targeting import (
    NOW,
    PATH,
    TODAY,
    Targeting,
    attach,
)
from tests.gateway.sender import mid, record


def test_a_member_is_found_by_its_mid(targeting: Targeting):
    one = record(identifiers=(Identifier("MX-RFC", "ZZZ140101AA1"), mid(1)))
    targeting.tell(one)

    [found] = targeting.found(mid(1))

    assert found == {
        "programme": "mx-neec",
        "ref": one.ref,
        "name": one.name,
        "status": "CERTIFIED",
        "since": str(one.member_since),
        "as_of": "2026-01-05T12:00:00Z",
        "stale": False,
        "usable": True,
        "why_not": [],
        "identifiers": [
            {
                "scheme": "MID",
                "value": mid(1).value,
                "source": "partner",
                "from": str(TODAY),
                "until": None,
            }
        ],
    }
    assert targeting.found(Identifier("MX-RFC", "ZZZ140101AA1"))[0]["ref"] == one.ref
    assert targeting.found(mid(2)) == []


def test_a_mid_that_is_shared_returns_all_its_members(targeting: Targeting):
    members = [record(identifiers=(mid(1),)) for _ in range(3)]
    targeting.tell(*members)

    assert [one["ref"] for one in targeting.found(mid(1))] == sorted(one.ref for one in members)


@pytest.mark.slow
def test_three_thousand_at_once_with_shared_mids(targeting: Targeting):
    members = [record(identifiers=(mid(n), mid(n // 2 + 10_000))) for n in range(1_500)]
    targeting.tell(*members)
    asked = [mid(n) for n in range(2_000)] + [mid(n + 10_000) for n in range(1_000)]

    answers = targeting.lookup(*asked)

    assert [(one["scheme"], one["value"]) for one in answers] == [
        (number.scheme, number.value) for number in asked
    ]
    refs = [sorted(member["ref"] for member in one["members"]) for one in answers]
    assert refs[:1_500] == [[one.ref] for one in members]
    assert refs[1_500:2_000] == [[]] * 500
    assert refs[2_000:2_750] == [
        sorted(one.ref for one in members[2 * n : 2 * n + 2]) for n in range(750)
    ]
    assert refs[2_750:] == [[]] * 250


def test_more_than_three_thousand_are_too_many(targeting: Targeting):
    asked = [{"scheme": "MID", "value": mid(n).value} for n in range(3_001)]

    answer = targeting.http.post(f"{PATH}/lookup", json={"identifiers": asked})

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert mid(0).value not in answer.text


def test_a_lookup_costs_the_same_few_statements_however_many_are_asked(
    targeting: Targeting, monkeypatch: pytest.MonkeyPatch
):
    targeting.tell(*[record(identifiers=(mid(n),)) for n in range(200)])
    counted: list[int] = []
    for asked in (1, 3_000):
        statements: list[object] = []
        execute = Connection.execute

        def count(self: Connection, statement: Any, *rest: Any, **more: Any) -> Any:
            statements.append(statement)  # noqa: B023
            return execute(self, statement, *rest, **more)  # noqa: B023

        monkeypatch.setattr(Connection, "execute", count)
        targeting.lookup(*[mid(n) for n in range(asked)])
        monkeypatch.undo()
        counted.append(len(statements))

    assert counted[0] == counted[1]


def test_a_lookup_goes_by_the_index(targeting: Targeting):
    with targeting.world.house.database.read() as tx:
        plan = tx.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT m.name FROM foreign_identifiers n JOIN foreign_members m "
                "ON m.programme = n.programme AND m.ref = n.ref "
                "WHERE n.scheme = 'MID' AND n.value IN ('A', 'B') AND m.covered = 1"
            )
        ).all()

    assert all("USING INDEX" in row.detail for row in plan)
    assert "foreign_identifiers_value" in plan[0].detail


def test_a_number_of_no_shape_is_answered_and_the_others_too(targeting: Targeting):
    targeting.tell(record(identifiers=(mid(1),)))

    first, second, third = targeting.http.post(
        f"{PATH}/lookup",
        json={
            "identifiers": [
                {"scheme": "MID", "value": "not a mid"},
                {"scheme": "MID", "value": mid(1).value},
                {"scheme": "PASSPORT", "value": "1"},
            ]
        },
    ).json()["answers"]

    assert (first["code"], first["members"]) == ("MRX-1107", [])
    assert (second["code"], len(second["members"])) == (None, 1)
    assert third["code"] == "MRX-1106"
    assert targeting.ask("MID", "not a mid")["code"] == "MRX-1107"


def test_only_one_programme_may_be_asked_for(targeting: Targeting):
    targeting.tell(record(identifiers=(mid(1),)))

    assert len(targeting.ask("MID", mid(1).value, programme="mx-neec")["members"]) == 1
    assert targeting.ask("MID", mid(1).value, programme="ca-pip")["members"] == []
    unknown = targeting.http.get(
        PATH, params={"scheme": "MID", "value": mid(1).value, "programme": "fr-aeo"}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "MRX-5001")


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.REMOVED, Status.WITHDRAWN])
def test_a_member_out_of_standing_is_answered_and_not_usable(targeting: Targeting, status: Status):
    targeting.tell(record(identifiers=(mid(1),), status=status))

    [found] = targeting.found(mid(1))

    assert (found["status"], found["usable"], found["why_not"]) == (status, False, ["status"])


def test_nobody_is_usable_when_the_agreement_is_not_in_force(targeting: Targeting):
    targeting.tell(record(identifiers=(mid(1),)))
    with targeting.world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", ended_on=TODAY)

    [found] = targeting.found(mid(1))

    assert (found["usable"], found["why_not"]) == (False, ["agreement"])
    [programme] = [p for p in targeting.changes()["programmes"] if p["programme"] == "mx-neec"]
    assert programme["in_force"] is False


def test_a_partner_silent_past_its_rhythm_is_stale(targeting: Targeting):
    targeting.tell(record(identifiers=(mid(1),)))
    with targeting.world.house.database.write() as tx:
        long_ago = NOW - timedelta(days=31, minutes=1)
        tx.execute(update(foreign_rolls).values(heard_at=long_ago))

    [found] = targeting.found(mid(1))
    assert (found["stale"], found["usable"]) == (True, True)

    with targeting.world.house.database.write() as tx:
        foreign_roll.heard(tx, "mx-neec", datetime.now(UTC))
    assert targeting.found(mid(1))[0]["stale"] is False


def test_an_old_file_brought_again_is_no_sign_of_life(targeting: Targeting):
    file = targeting.sender.next([record(identifiers=(mid(1),))])
    targeting.sender.send(file, now=NOW - timedelta(days=40))

    targeting.sender.send(file, now=NOW)

    assert targeting.found(mid(1))[0]["stale"] is True


def test_a_withdrawn_member_is_gone_with_all_its_numbers(targeting: Targeting):
    one = record(identifiers=(mid(1),))
    targeting.tell(one)
    attach(targeting, one, mid(2))
    targeting.tell(away=(one.ref,))

    assert targeting.found(mid(1)) == targeting.found(mid(2)) == []
    answer = targeting.http.get(f"{PATH}/mx-neec/{one.ref}")
    assert (answer.status_code, answer.json()["code"]) == (404, "MRX-5017")

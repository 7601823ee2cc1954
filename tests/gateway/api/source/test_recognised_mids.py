"""MIDs that are attached to foreign members by hand, with their dates."""

from typing import Any

import pytest

from gateway.tokens import Scope
from schemas.tables import ledger
from tests.gateway.api.doors import bearer, token
from tests.gateway.api.source.targeting import PATH, TODAY, TOMORROW, YESTERDAY, Targeting, attach
from tests.gateway.sender import mid, record


def test_a_mid_attached_by_hand_finds_the_member_from_its_first_day_to_its_last(
    targeting: Targeting,
):
    one = record()
    targeting.tell(one)
    attach(targeting, one, mid(1))
    attach(targeting, one, mid(2), **{"from": YESTERDAY, "until": str(TODAY)})
    attach(targeting, one, mid(3), **{"from": TOMORROW})

    assert [bool(targeting.found(mid(n))) for n in (1, 2, 3)] == [True, False, False]
    shown = targeting.http.get(f"{PATH}/mx-neec/{one.ref}").json()["identifiers"]
    assert [(n["value"], n["from"], n["until"]) for n in shown if n["source"] == "home"] == [
        (mid(1).value, str(TODAY), None),
        (mid(2).value, YESTERDAY, str(TODAY)),
        (mid(3).value, TOMORROW, None),
    ]


def test_ending_a_mid_by_hand_ends_it_today(targeting: Targeting):
    one = record(identifiers=(mid(9),))
    targeting.tell(one)
    attach(targeting, one, mid(1), **{"from": YESTERDAY})

    answer = targeting.http.delete(f"{PATH}/mx-neec/{one.ref}/mids/{mid(1).value}")

    assert answer.status_code == 200
    assert {n["value"]: n["until"] for n in answer.json()["identifiers"]} == {
        mid(1).value: str(TODAY),
        mid(9).value: None,
    }
    assert targeting.found(mid(1)) == []
    theirs = targeting.http.delete(f"{PATH}/mx-neec/{one.ref}/mids/{mid(9).value}")
    assert (theirs.status_code, theirs.json()["code"]) == (404, "MRX-5017")


def test_who_attached_which_mid_is_in_the_ledger_without_the_mid(targeting: Targeting):
    one = record()
    targeting.tell(one)
    attach(targeting, one, mid(1))
    attach(targeting, one, mid(1))

    with targeting.world.house.database.read() as tx:
        rows = tx.execute(ledger.select().where(ledger.c.kind == "mid attached")).all()
    assert [(row.partner, row.subject) for row in rows] == [("mx-neec", one.ref)]
    assert '"by":"token ' in rows[0].entry
    assert mid(1).value not in rows[0].entry


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"mid": "CAINV0000001TIJ"}, "MRX-1109", id="no prefix of a MID"),
        pytest.param({"mid": "mxinv"}, "MRX-7003", id="no MID"),
        pytest.param(
            {"mid": mid(1).value, "from": TOMORROW, "until": TOMORROW}, "MRX-7003", id="no day"
        ),
        pytest.param({"mid": mid(1).value, "until": "2026-02-30"}, "MRX-7003", id="no such day"),
        pytest.param({"mid": mid(1).value, "until": 1}, "MRX-7003", id="a number"),
        pytest.param({"mid": mid(1).value, "name": "x"}, "MRX-7003", id="a field too many"),
    ],
)
def test_what_cannot_be_attached_is_refused(targeting: Targeting, body: Any, code: str):
    one = record()
    targeting.tell(one)

    answer = targeting.http.post(f"{PATH}/mx-neec/{one.ref}/mids", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert body["mid"] not in answer.text


def test_nothing_is_attached_to_nobody(targeting: Targeting):
    for programme, code in (("mx-neec", "MRX-5017"), ("fr-aeo", "MRX-5001")):
        answer = targeting.http.post(
            f"{PATH}/{programme}/{record().ref}/mids", json={"mid": mid(1).value}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_looking_is_not_attaching(targeting: Targeting):
    one = record()
    targeting.tell(one)
    looker = bearer(token(targeting.world.house, Scope.LOOKUP))

    answer = targeting.http.post(
        f"{PATH}/mx-neec/{one.ref}/mids", json={"mid": mid(1).value}, headers=looker
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7002")

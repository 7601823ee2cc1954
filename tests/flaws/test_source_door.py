"""The source door: each bad line is rejected by its number and code, and costs the others nothing."""

from collections.abc import Iterator

import orjson
import pytest
from sqlalchemy import func, select

from gateway.tokens import Scope
from outbox.house import House
from schemas.tables import consents, members
from tests.conftest import connected_world
from tests.flaws import lookalikes, pushes
from tests.flaws.partner_end import client, logged
from tests.flaws.pushes import (
    FIRST,
    HEADER,
    INPUTS,
    PLANTED,
    SECOND,
    THIRD,
    Input,
    event,
    row,
)
from tests.gateway.api.doors import bearer, token
from tests.gateway.cli.command import Mrx
from tests.world import World, member

NDJSON, CSV = "application/x-ndjson", "text/csv"
MEMBERS = {**pushes.MEMBERS, **lookalikes.MEMBERS}
CONSENTS = {**pushes.CONSENTS, **lookalikes.CONSENTS}
ROWS = {**pushes.ROWS, **lookalikes.ROWS}


class Source:
    """CBP's systems at our door; the same at our command line."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mrx = Mrx(house.folder)
        self._client, self._headers = client(house), bearer(token(house, Scope.PUSH))

    def push(self, body: bytes, *, kind: str = "members", form: str = NDJSON):
        """The report of a push; that nothing of it is in the log, or in the answer, is seen to."""
        answer = self.post(body, kind=kind, form=form)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, body: bytes, *, kind: str = "members", form: str = NDJSON):
        headers = self._headers | {"Content-Type": form}
        with logged() as log:
            answer = self._client.post(f"/v1/source/{kind}", content=body, headers=headers)
        assert PLANTED not in answer.text + log.getvalue()
        return answer

    def names(self) -> dict[str, str]:
        """The roll, without what earlier pushes left."""
        with self.house.database.read() as tx:
            return dict(tx.execute(select(members.c.account, members.c.name)).all())

    def events(self) -> int:
        with self.house.database.read() as tx:
            return tx.scalar(select(func.count()).select_from(consents))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[World]:
    made = connected_world(tmp_path_factory.mktemp("home"), key_files, ("mx-neec",))
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def source(world: World) -> Source:
    made = Source(world.house)
    made.push(b"\n".join(orjson.dumps(member(account)) for account in (FIRST, SECOND, THIRD)))
    return made


def codes(report) -> list[tuple[int, str]]:
    return [(one["line"], one["code"]) for one in report["rejections"]]


@pytest.mark.parametrize("flaw", MEMBERS)
def test_a_bad_member_is_rejected_alone(source: Source, flaw: str):
    bad, code = MEMBERS[flaw]
    before = source.names()
    good = [f"Invented {flaw} {n}" for n in (1, 3)]
    lines = (member(FIRST, name=good[0]), member(THIRD, name=good[1]))
    body = orjson.dumps(lines[0]) + b"\n" + bad + b"\n" + orjson.dumps(lines[1]) + b"\n"

    report = source.push(body)

    assert codes(report) == [(2, code)]
    assert (report["counts"]["read"], report["counts"]["accepted"]) == (3, 2)
    assert source.names() == before | {FIRST: good[0], THIRD: good[1]}


@pytest.mark.parametrize("flaw", CONSENTS)
def test_a_bad_consent_is_rejected_alone(source: Source, flaw: str):
    bad, code = CONSENTS[flaw]
    before = source.events()
    good = event(account=THIRD, at=f"2020-01-01T00:00:00.{list(CONSENTS).index(flaw):06}Z")

    report = source.push(bad + b"\n" + good, kind="consents")

    assert codes(report) == [(1, code)]
    assert source.events() == before + 1


@pytest.mark.parametrize("flaw", ROWS)
def test_a_bad_row_is_rejected_alone(source: Source, flaw: str):
    bad, code = ROWS[flaw]
    before = source.names()
    good = [f"Invented row {flaw} {n}" for n in (1, 3)]
    body = HEADER + row(FIRST, good[0]) + b"\n" + bad + b"\r\n" + row(THIRD, good[1])

    report = source.push(body, form=CSV)

    assert codes(report) == [(3, code)]
    assert source.names() == before | {FIRST: good[0], THIRD: good[1]}


@pytest.mark.parametrize("flaw", lookalikes.TABLES)
def test_a_table_under_whose_header_nothing_can_be_read_is_refused_whole(source: Source, flaw: str):
    header, code = lookalikes.TABLES[flaw]
    before = source.names()

    answer = source.post(header + row(FIRST, f"Invented table {flaw}"), form=CSV)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert source.names() == before


@pytest.mark.parametrize("flaw", INPUTS)
def test_an_input_that_is_not_lines_of_json_is_told_line_by_line(source: Source, flaw: str):
    given: Input = INPUTS[flaw]

    report = source.push(given.data)

    assert codes(report) == list(given.rejected)
    counts = report["counts"]
    assert counts["accepted"] + counts["unchanged"] == len(given.taken)


def named(bad: bytes, number: int) -> bytes:
    """The line, about an account of its own."""
    return bad.replace(SECOND.encode(), str(20_000_000 + number).encode())


@pytest.mark.parametrize("door", ["members", "consents"])
def test_the_command_says_the_same_of_every_line(source: Source, door: str):
    """All bad lines at once, by `mrx push`: no bad line changes what becomes of the next."""
    flaws = MEMBERS if door == "members" else CONSENTS
    body = b"".join(named(bad, n) + b"\n" for n, (bad, _) in enumerate(flaws.values()))

    said = source.mrx("push", door, "-", "--json", stdin=body, code=3)

    told = [one["code"] for one in orjson.loads(said.stdout_bytes)["rejections"]]
    if door == "members":
        told.insert(list(flaws).index("an account of another line"), "taken: nobody stood before")
    for (flaw, (_, code)), heard in zip(flaws.items(), told, strict=True):
        if flaw != "an account of another line":
            assert heard == code, flaw
    assert PLANTED not in said.stdout + said.stderr


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes_is_one_bad_line(source: Source):
    """It is never held: what is read of it is passed over until its end."""

    def body() -> Iterator[bytes]:
        yield orjson.dumps(member(FIRST, name="Invented before")) + b"\n"
        yield b'{"account":"10000002","name":"PLANTED'
        for _ in range(100):
            yield b"x" * (1 << 20)
        yield b'"}\n' + orjson.dumps(member(THIRD, name="Invented behind")) + b"\n"

    report = source.push(body())

    assert codes(report) == [(2, "MRX-1005")]
    assert (source.names()[FIRST], source.names()[THIRD]) == ("Invented before", "Invented behind")


def test_a_full_list_with_a_line_that_names_nobody_withdraws_nobody(source: Source):
    headers = source._headers | {"Content-Type": NDJSON}
    body = orjson.dumps(member(FIRST)) + b"\n{\n"

    answer = source._client.post(
        "/v1/source/members?mode=snapshot", content=body, headers=headers
    ).json()

    assert answer["counts"]["withdrawn"] == 0
    assert source.names().keys() >= {FIRST, SECOND, THIRD}


def test_no_text_of_a_push_is_in_the_metrics(source: Source):
    assert PLANTED not in source._client.get("/metrics").text

"""Marked companies go through everything, and none of them stands where it must not.

Not in the log, metrics, addresses that we write, answers that are errors, traces; and in no page of
somebody who may not see companies. What is searched for are names, identifiers and accounts, of our
members and of a partner's.
"""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from types import SimpleNamespace
from urllib.parse import unquote

import orjson
import pytest
from fastapi.testclient import TestClient

from gateway import log, traces
from gateway.app import build
from gateway.identity.roles import Right, Role, rights
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import watch
from outbox.batch import file as file_of
from outbox.house import House
from tests import world as worlds
from tests.conftest import connected_world
from tests.gateway.api.doors import bearer, operations, signature, token
from tests.gateway.cli.command import Mrx
from tests.gateway.console.people import at_console
from tests.world import World, member

pytestmark = pytest.mark.slow

NAME, RENAMED, THEIRS = "Canarium Invented", "Canarius Invented", "Canariensis Invented"
QUOTED = NAME.replace(" ", "%20")
ACCOUNTS = tuple(f"7770001{n}" for n in range(6))
IDENTIFIERS = ("MXCANARY77TIJ", "77-7654321QX", "QZXQ")
MARKS = re.compile(
    "|".join(("Canari", *ACCOUNTS, *IDENTIFIERS[:2], rf"\b{IDENTIFIERS[2]}\b")), re.IGNORECASE
)
OF_A_KIND = 2


def marked(n: int, **facts: object) -> dict[str, object]:
    schemes = ("MID", "ICR", "SCAC")
    said = [{"scheme": s, "value": v} for s, v in zip(schemes, IDENTIFIERS, strict=True)]
    return member(ACCOUNTS[n], name=f"{NAME} {n}", identifiers=said, **facts)


@dataclass
class Run:
    """One run of everything, and what came out of it."""

    world: World
    log: io.StringIO = field(default_factory=io.StringIO)
    traces: list[str] = field(default_factory=list)
    # (what it was, its text)
    errors: list[tuple[str, str]] = field(default_factory=list)
    addresses: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    metrics: str = ""
    said: list[str] = field(default_factory=list)
    seen: int = 0

    @property
    def house(self) -> House:
        return self.world.house

    def door(self, house: House | None = None) -> TestClient:
        one = house or self.house
        app = build(one, Settings(home=one.folder, status_answer_seconds=0))
        return TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def keep(self, what: str, answer: object) -> None:
        """An answer: an error must be clean, and so must the addresses in any."""
        self.seen += 1
        if answer.status_code >= 400:
            self.errors.append((f"{what} {answer.status_code}", answer.text))
        for name in ("location", "link", "content-disposition"):
            self.addresses.append((what, answer.headers.get(name, "")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[Run]:
    """The run itself, with the log and traces of all of it."""
    world = connected_world(tmp_path_factory.mktemp("canary"), key_files, ("mx-neec", "ca-pip"))
    world.clock.now = datetime.now(UTC)  # as by HTTP
    found = Run(world)
    root, ours = logging.getLogger(), logging.getLogger(log.OURS)
    before = (root.handlers[:], root.level, ours.level)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "sys", SimpleNamespace(stderr=found.log))
        log.begin("json", level=logging.DEBUG)
        logging.getLogger().setLevel(logging.DEBUG)  # others, too
        with (
            watch.watched_by(log.steps),
            watch.watched_by(lambda s: traces._span(Noting(found), s)),
        ):
            pushed(found)
            delivered(found)
            doors(found)
            console(found)
            broken(found)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    yield found
    world.house.database.close()


class Noting:
    """Spans that are kept as text."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def begin(self, name, *_above, **_kind):
        return name

    def numbers(self, _span):
        return "1" * 32, "2" * 16, True

    def end(self, span, facts, failed):
        self._run.traces.append(f"{span} {facts} {failed}")


def pushed(run: Run) -> None:
    headers = bearer(token(run.house, *Scope))
    good = b"\n".join(orjson.dumps(marked(n)) for n in range(4))
    csv = b"account,name,status,member_since,SCAC\n77700011,Canarium,VALIDATED,today,QZXQ\n"
    bad = (
        orjson.dumps(marked(4) | {"account": f"{ACCOUNTS[4]}-Canarium"}),
        orjson.dumps(marked(4, status="CANARIUM")),
        orjson.dumps(marked(4, member_since="Canarium")),
        orjson.dumps(marked(4, business_type=["Canarium"], address="Canarium Street 1")),
        orjson.dumps(marked(4) | {"identifiers": [{"scheme": "SCAC", "value": "Canarium"}]}),
        f'{{"account": "{ACCOUNTS[4]}", "name": "Canarium'.encode(),
        b"\xff" + NAME.encode(),
    )
    ndjson = headers | {"Content-Type": "application/x-ndjson"}
    for body, kind in (
        (good, ndjson),
        (b"\n".join(bad), ndjson),
        (csv, headers | {"Content-Type": "text/csv"}),
    ):
        for query in ("", "?dry_run=true", f"?mode={NAME}", "?mode=snapshot"):
            run.keep(
                "push", run.door().post(f"/v1/source/members{query}", content=body, headers=kind)
            )
    consents = b'{"account": "77700010", "programme": "Canarium", "event": "granted"}\n'
    run.keep("push", run.door().post("/v1/source/consents", content=consents, headers=ndjson))
    mrx = Mrx(run.house.folder)
    for lines in (b"\n".join(bad), csv):
        run.said.append(mrx("push", "members", "-", "--json", stdin=lines, code=None).stderr)
    run.said.append(mrx("member", "show", "99999999", code=None).stderr)


def delivered(run: Run) -> None:
    world = run.world
    world.clock.now = datetime.now(UTC)
    world.push(*(marked(n) for n in range(6)))
    world.wire.plan = [
        "lost answer",
        "nonsense",
        "busy",
        "never arrived",
        "turned away",
        "too large",
    ]
    world.grant(*ACCOUNTS)
    world.deliver()
    world.push(marked(1, status="SUSPENDED"), marked(2) | {"name": f"{RENAMED} 2"})
    world.revoke(ACCOUNTS[0], of="mx-neec")
    world.deliver()
    # Their members come here, in order, doubled, spoiled and by HTTP.
    mexico = world.partners["mx-neec"]
    other = World(
        house=mexico, partners={"us-ctpat": run.house}, clock=world.clock, wire=world.wire
    )
    world.wire.ends["us-ctpat"] = run.house
    with mexico.database.write() as tx:
        worlds.agreements.change(tx, "us-ctpat", push_url="us-ctpat")
    other.push(member("7770005", name=f"{THEIRS} 1", identifiers=[]), mode="delta")
    other.grant("7770005", to=["us-ctpat"])
    other.deliver()
    with run.house.database.read() as tx:
        sealed = file_of(tx, 1, 1)
    door = run.door(mexico)
    spoiled = bytearray(sealed)
    spoiled[spoiled.index(b"Canarium")] ^= 1
    for body in (sealed, bytes(spoiled), sealed[:-100], sealed + NAME.encode(), NAME.encode()):
        run.keep("batch", door.post("/v1/partner/batches", content=body))
        run.keep("receipt", door.post("/v1/partner/receipts", content=body))


def doors(run: Run) -> None:
    """Every operation of every door, asked about a marked company, and with nonsense that is marked."""
    everything = bearer(token(run.house, *Scope))
    door = run.door()
    for one in operations():
        url = one.url(account=ACCOUNTS[1], value=IDENTIFIERS[0])
        wrong = one.url(account=f"{NAME}", value=NAME, id=NAME, push_id=NAME)
        for address in (url, f"{url}{'&' if '?' in url else '?'}{QUOTED}={QUOTED}", wrong):
            body = orjson.dumps(
                {"reason": NAME, NAME: NAME, "value": IDENTIFIERS[0], "lines": [NAME]}
            )
            for content in (None,) if one.method == "GET" else (body,):
                headers = everything
                if one.is_signed:
                    key = run.world.partners["mx-neec"].key
                    headers = signature(key, one.method, address, content=content or b"")
                if content is not None:
                    headers = headers | {"Content-Type": "application/json"}
                answer = door.request(one.method, address, headers=headers, content=content)
                run.keep(f"{one}", answer)
    sees = bearer(token(run.house, Scope.VIEWER))
    run.metrics = door.get("/metrics", headers=sees).text


def console(run: Run) -> None:
    """All that can be reached by links, by who may do everything but see companies, and by who may
    do everything; and the forms that look a company up.
    """
    run.keep("nobody", run.door().get("/v1/ops/overview"))
    run.keep("nobody", run.door().get("/console/"))
    blind = [role for role in Role if Right.SEE_COMPANIES not in rights([role])]
    for name, roles in (("blind", blind), ("all", list(Role))):
        browser = at_console(run.house, name, roles)
        hidden = run.hidden if name == "blind" else []
        due, done = ["/console/"], Counter[str]()
        while due:
            path = due.pop(0)
            kind = re.sub(r"[0-9a-f]{8,}|\d+|[a-z]{2}-[a-z]+", "*", path)
            if done[kind] >= OF_A_KIND:
                continue
            done[kind] += 1
            answer = browser.get(path)
            run.keep(f"{name} {path}", answer)
            hidden.append((f"{name} {path}", answer.text))
            for raw in re.findall(r'(?:href|action|src|hx-\w+)="([^"]*)"', answer.text):
                link = unescape(raw)
                run.addresses.append((f"{name} {path}", link))
                if link.startswith("/console/") and "/static/" not in link:
                    due.append(link.partition("#")[0])
        for text, by in ((ACCOUNTS[1], "account"), (f"{NAME} 1", "name"), (NAME, NAME)):
            form = {"by": by, "text": text, "why": "company", "line": "asked"}
            run.keep(f"{name} told", answer := browser.post("/console/told", data=form))
            hidden.append((f"{name} told", answer.text))
            for path in ("/console/revocations/foresee", "/console/revocations"):
                asked = {"account": text, "reason": "asked"}
                run.keep(f"{name} {path}", browser.post(path, data=asked))
            run.keep(name, browser.get(f"/console/{text}"))


def broken(run: Run) -> None:
    """What breaks inside, half-way."""
    headers = bearer(token(run.house, *Scope)) | {"Content-Type": "application/x-ndjson"}
    with run.house.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE member_identifiers RENAME TO elsewhere")
        tx.exec_driver_sql("ALTER TABLE disclosures RENAME TO elsewhere_too")
    changed = orjson.dumps(marked(1) | {"name": f"{RENAMED} again"})
    door = run.door()
    run.keep("broken", door.post("/v1/source/members", content=changed, headers=headers))
    run.keep("broken", door.get(f"/v1/source/members/{ACCOUNTS[1]}/disclosures", headers=headers))
    browser = at_console(run.house, "looker", [Role.DISCLOSURE_OFFICER])
    form = {"by": "name", "text": NAME, "why": "company", "line": ""}
    browser = TestClient(
        browser.app,
        base_url="https://testserver",
        raise_server_exceptions=False,
        cookies=browser.cookies,
        headers=browser.headers,
    )
    run.keep("broken", browser.post("/console/told", data=form))


# -- what is claimed -------------------------------------------------------------------------------


def found(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Where a mark stands, with what is around it."""
    return [
        (what, text[max(0, hit.start() - 60) : hit.end() + 20])
        for what, text in texts
        if (hit := MARKS.search(unquote(text))) is not None
    ]


def test_the_run_reached_what_it_is_about(run: Run):
    assert run.seen > 500
    written = [orjson.loads(line) for line in run.log.getvalue().splitlines()]
    events = {line["event"] for line in written}
    assert {"request", "send", "inbound", "push"} <= events
    assert any(line.get("code") == "MRX-9999" for line in written)
    assert {line.get("status") for line in written} >= {200, 303, 401, 403, 404, 422, 500}
    assert {one.partition(" ")[0] for one in run.traces} >= {"send", "seal", "settle", "request"}
    assert len(run.hidden) > 50


def test_the_marks_are_there_to_be_found(run: Run):
    with run.house.database.read() as tx:
        assert MARKS.search(str(file_of(tx, 1, 1)))
    assert found([("x", f"<td>{NAME.lower()}</td>"), ("y", "QZXQ")])


def test_not_in_the_log(run: Run):
    assert found([("log", line) for line in run.log.getvalue().splitlines()]) == []


def test_not_in_metrics(run: Run):
    assert "mrx_batches_total" in run.metrics
    assert found([("metrics", line) for line in run.metrics.splitlines()]) == []


def test_not_in_traces(run: Run):
    assert found([("trace", one) for one in run.traces]) == []


def test_not_in_answers_that_are_errors(run: Run):
    assert len(run.errors) > 200
    assert found(run.errors) == []


def test_not_in_addresses_that_we_write(run: Run):
    assert found(run.addresses) == []


def test_not_in_what_commands_say_beside_their_answer(run: Run):
    assert any(run.said)
    assert found([("stderr", one) for one in run.said]) == []


def test_not_on_pages_of_who_may_not_see_companies(run: Run):
    assert found(run.hidden) == []

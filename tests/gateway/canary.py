"""Marked companies go through everything a gateway does, and all that it says of it is kept.

The marks are names, identifiers and accounts, of our members and of a partner's.
"""

import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote

import orjson
from fastapi.testclient import TestClient

from gateway import traces
from gateway.app import build
from gateway.identity.roles import Right, Role, rights
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import watch
from outbox.batch import file as file_of
from outbox.house import House
from partners import agreements
from tests.gateway.api.doors import bearer, operations, signature, token
from tests.gateway.cli.command import Mrx
from tests.gateway.console.people import at_console
from tests.world import World, member

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
    log: io.StringIO
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


def everything(run: Run) -> None:
    """One after the other; what is broken at last stays so."""
    with watch.watched_by(lambda step: traces._span(Noting(run), step)):
        pushed(run)
        delivered(run)
        doors(run)
        console(run)
        broken(run)


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
        agreements.change(tx, "us-ctpat", push_url="us-ctpat")
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


def found(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Where a mark stands, with what is around it."""
    return [
        (what, text[max(0, hit.start() - 60) : hit.end() + 20])
        for what, text in texts
        if (hit := MARKS.search(unquote(text))) is not None
    ]

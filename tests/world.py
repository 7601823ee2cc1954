"""A small world for tests: gateways in folders of their own, and a wire between them that obeys.

Everything in it is real but the wire: the same intake, outbox and receiving end as in production,
on SQLite files. The wire calls the other end's `inbound.take` and can lose, delay or spoil what
passes, one plan per transmission.
"""

import functools
import io
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol

import orjson
from sqlalchemy import URL, Connection, select

from gateway import home, inbound
from gateway.intake import push_consents, push_members
from gateway.intake.report import Report
from gateway.settings import Settings
from outbox import batch, rest
from outbox.delivery import Delivery
from outbox.house import House
from outbox.transport import Answered, NotNow, Outcome, Silence, TooLarge, TurnedAway
from partners import agreements, certificates, consents, foreign_roll
from partners.certificates import Pinned
from schemas import exchange
from schemas.consent import ConsentEvent, Event
from schemas.errors import MrxError
from schemas.postgresql import PostgreSQL
from schemas.receipt import Receipt
from schemas.tables import pending
from signing import keys
from signing.open import open_sealed
from signing.seal import seal
from tests import servers

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOME = "us-ctpat"
TEXTS = {"mx-neec": "neec-2014"}
BYTES_MAX = 32 << 20

# The names that `member` gives to the two accounts most tests are about.
ONE, TWO = "Invented Company 10000001", "Invented Company 10000002"


class Clock:
    """Time that moves only when told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Server:
    """A PostgreSQL server on which gateways of tests keep their data: a database each."""

    _templates: ClassVar[dict[tuple[URL, str], URL]] = {}

    def __init__(self, url: URL) -> None:
        self._url = url
        self._open = ExitStack()

    def database(self, what: str, fill: Callable[[URL], House]) -> URL:
        """A new database: a copy of what `fill` made of an empty one, the first time `what` was
        asked for.
        """
        template = self._templates.get((self._url, what))
        if template is None:
            template = servers.create(self._url)
            fill(template).database.close()  # nobody may be connected to what is copied
            self._templates[self._url, what] = template
        url = servers.create(self._url, template=template)
        self._open.callback(servers.drop, self._url, url)
        return url

    def close(self) -> None:
        """Drop every database that was not dropped yet."""
        self._open.close()


def settings(house: House, **more: object) -> Settings:
    """The settings under which this gateway is opened."""
    return Settings(**told(house, **more))


def told(house: House, **more: object) -> dict[str, object]:
    """The same in words that may be handed to another process; settings may not."""
    url = written(house.database.url) if isinstance(house.database, PostgreSQL) else None
    return {"home": house.folder, "database_url": url, **more}


def _settings(folder: Path, url: URL | None = None) -> Settings:
    """The settings of a home that is opened here. Reading them all takes 4 ms, and worlds are made
    by the thousand: they are read once for all homes under one environment.
    """
    told = frozenset((name, said) for name, said in os.environ.items() if name.startswith("MRX_"))
    here = {"home": folder, "database_url": url}
    return _read(told).model_copy(update=here)


@functools.cache
def _read(_told: frozenset[tuple[str, str]]) -> Settings:
    return Settings()


def environment(house: House) -> dict[str, str]:
    """The same, as the environment of a command."""
    database = house.database
    url = {"MRX_DATABASE_URL": written(database.url)} if isinstance(database, PostgreSQL) else {}
    return {"MRX_HOME": str(house.folder), **url}


def written(url: URL) -> str:
    """A URL as a setting."""
    return url.render_as_string(hide_password=False)


def make(folder: Path, programme: str, key: Path, *, server: Server | None = None) -> House:
    """A gateway in `folder`: a copy of one that was made once a session, with a key of its own.

    Making one (key, migrations) takes half a second; copying it does not. With a server, it keeps
    its data there.
    """
    kept = key.parent / f"home-{programme}"
    if not kept.exists():
        draft = key.parent / f"draft-{programme}"
        (draft / home.KEY).parent.mkdir(parents=True)
        for suffix in (".key", ".crt"):
            shutil.copy(key.with_suffix(suffix), (draft / home.KEY).with_suffix(suffix))
        made = home.init(_settings(draft), programme)
        made.database.close()  # the last connection folds the log into the file
        draft.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    if server is None:
        return home.open_home(_settings(folder))
    (folder / home.DATABASE).unlink()
    url = server.database(programme, lambda empty: _init(folder, programme, empty))
    return home.open_home(_settings(folder, url))


def _init(folder: Path, programme: str, url: URL) -> House:
    return home.init(_settings(folder, url), programme)


def connected(
    folder: Path, key_files: Mapping[str, Path], codes: Sequence[str], *, server: Server | None
) -> tuple[House, dict[str, House]]:
    """us-ctpat in `folder`, on the server if there is one, and partners in files, connected by
    wires that are called by their codes: copies of what was made once a session.
    """
    what = "-".join(("world", *codes))
    kept = key_files[HOME].parent / what
    if not kept.exists():
        draft = kept.with_name(f"draft-{what}")
        house, *ends = (make(draft / code, code, key_files[code]) for code in (HOME, *codes))
        for end in ends:
            connect(house, end, url=end.programme)
        for each in (house, *ends):
            each.database.close()
        draft.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    partners = {code: home.open_home(_settings(folder / code)) for code in codes}
    if server is None:
        return home.open_home(_settings(folder / HOME)), partners
    (folder / HOME / home.DATABASE).unlink()

    def fill(empty: URL) -> House:
        house = _init(folder / HOME, HOME, empty)
        for code, end in partners.items():
            introduce(house, end, url=code)
        return house

    url = server.database(what, fill)
    return home.open_home(_settings(folder / HOME, url)), partners


def pinned(house: House, partner: str) -> Pinned:
    """The certificate of `house` as `partner`'s, ready to be pinned by somebody else."""
    certificate = house.key.certificate
    return Pinned(
        fingerprint=certificate.fingerprint,
        partner=partner,
        pem=certificate.pem,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )


def connect(ours: House, theirs: House, *, url: str = "wire", now: datetime = START) -> None:
    """Enable the exchange on both ends."""
    introduce(ours, theirs, url=url, now=now)
    introduce(theirs, ours, url=None, now=now)


def introduce(one: House, other: House, *, url: str | None, now: datetime = START) -> None:
    """Enable the exchange on one end."""
    with one.database.write() as tx:
        certificates.pin(tx, pinned(other, other.programme), now=now)
        agreements.change(tx, other.programme, enabled=True, push_url=url)


def honest(_end: House, _file: bytes, receipt: bytes) -> bytes:
    """The answer a wire carries unless told otherwise: what the other end said."""
    return receipt


def answering(change: Callable[[Receipt], Receipt]) -> Callable[[House, bytes, bytes], bytes]:
    """An answer that is the honest receipt with something else written in it, properly signed."""

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        said = exchange.read_receipt(open_sealed(receipt, [end.key.certificate], START).content)
        return seal(exchange.write_receipt(change(said)), end.key, START)

    return answer


# One word of a plan is what happens to one transmission.
FINE, LOST_ANSWER, NEVER_ARRIVED, BUSY, TOO_LARGE, TURNED_AWAY, NONSENSE = (
    "fine",
    "lost answer",
    "never arrived",
    "busy",
    "too large",
    "turned away",
    "nonsense",
)


@dataclass
class Wire:
    """Carries files to the other ends; `plan` is eaten word by word, then all is fine.

    `journal` keeps every file that arrived, in order: (partner, file).
    """

    ends: dict[str, House]
    clock: Clock
    plan: list[str] = field(default_factory=list)
    journal: list[tuple[str, bytes]] = field(default_factory=list)
    answer: Callable[[House, bytes, bytes], bytes] = honest
    before: Callable[[], None] = lambda: None

    def send(self, url: str, file: bytes) -> Outcome:
        self.before()
        word = self.plan.pop(0) if self.plan else FINE
        if word == NEVER_ARRIVED:
            return Silence("ConnectError")
        if word == BUSY:
            return NotNow(None)
        if word == TOO_LARGE:
            return TooLarge()
        if word == TURNED_AWAY:
            return TurnedAway("HTTP 403")
        end = self.ends[url]
        self.journal.append((url, file))
        try:
            receipt = inbound.take(end, file, bytes_max=BYTES_MAX, now=self.clock())
        except MrxError as error:
            return TurnedAway(error.code)
        if word == LOST_ANSWER:
            return Silence("ReadTimeout")
        return Answered(b"not a receipt" if word == NONSENSE else self.answer(end, file, receipt))


class Carrier(Protocol):
    """Who works the lanes when a test says "deliver" (see tests/carriers.py)."""

    def work(self, *, only: str | None = None) -> bool:
        """Work what is due; whether there was any."""


@dataclass
class World:
    """Home and its partners, and what one usually does with them."""

    house: House
    partners: dict[str, House]
    clock: Clock
    wire: Wire
    carrier: Carrier | None = None  # None: this thread, and the wire called directly

    def delivery(self) -> Delivery:
        return Delivery(house=self.house, transport=self.wire, worker="test:0:0", clock=self.clock)

    def deliver(self, rounds: int = 50, *, hurry: bool = True, only: str | None = None) -> None:
        """Run the lanes until nothing is due; `hurry` forgets waiting times between rounds."""
        carrier = self.carrier or self.delivery()
        for _ in range(rounds):
            if hurry:
                with self.house.database.write() as tx:
                    rest.hurry(tx)
            if not carrier.work(only=only):
                return

    def push(self, *members: dict[str, object], mode: str = "delta", **more: object) -> Report:
        body = b"\n".join(orjson.dumps(member) for member in members)
        now = self.clock()
        order = push_members.Push(
            open=lambda: io.BytesIO(body),
            format="ndjson",
            mode=mode,
            as_of=more.pop("as_of", now),
            now=now,
            by="test",
            **more,
        )
        return push_members.push(self.house, order)

    def grant(self, *accounts: str, to: Iterable[str] | None = None) -> None:
        for partner in self.partners if to is None else to:
            self.consent(accounts, partner, Event.GRANTED)

    def revoke(self, account: str, *, of: str) -> int:
        return self.consent([account], of, Event.REVOKED)[0]

    def consent(self, accounts: Sequence[str], partner: str, event: Event) -> list[int]:
        now = self.clock()
        given = event is Event.GRANTED
        events = [
            ConsentEvent(
                account=account,
                programme=partner,
                event=event,
                at=now,
                officer_title="Vice President" if given else None,
                text=TEXTS.get(partner, "2014-08") if given else None,
            )
            for account in accounts
        ]
        with self.house.database.write() as tx:
            return self.record(tx, events)

    def record(self, tx: Connection, events: list[ConsentEvent]) -> list[int]:
        """Write events as the feed would; return the revocations."""
        now = self.clock.now
        consents.heard(tx, now)
        return push_consents.record(tx, self.house, events, now=now, by="test")[1]

    def sign(self, account: str, text: str, event: Event = Event.GRANTED) -> None:
        """An event for Mexico under a text of this name; the feed stays as fresh as it was."""
        now = self.clock()
        one = ConsentEvent(
            account=account,
            programme="mx-neec",
            event=event,
            at=now,
            officer_title="Vice President",
            text=text,
        )
        with self.house.database.write() as tx:
            push_consents.record(tx, self.house, [one], now=now, by="test")

    def states(self) -> list[str]:
        """How each of our batches stands, oldest first."""
        with self.house.database.read() as tx:
            return [one.state for one in batch.every(tx)]

    def waiting(self) -> list[tuple[str | None, str | None]]:
        """What stands in the way of each pending notice: (our code, the partner's)."""
        with self.house.database.read() as tx:
            rows = tx.execute(select(pending.c.blocked, pending.c.partner_code)).all()
            return [(row.blocked, row.partner_code) for row in rows]

    def held(self, partner: str) -> dict[str, str]:
        """What a partner's own roll says of us: name -> status."""
        end = self.partners[partner]
        with end.database.read() as tx:
            rows = foreign_roll.every(tx, self.house.programme)
            return {row.name: row.status for row in rows}


def member(account: str, **facts: object) -> dict[str, object]:
    """An invented member, as the source would send it."""
    return {
        "account": account,
        "name": f"Invented Company {account}",
        "identifiers": [{"scheme": "SCAC", "value": "QXQQ"}],
        "status": "VALIDATED",
        "member_since": "2014-04-07",
        **facts,
    }


def new_key(folder: Path, name: str, *, kind: keys.Kind = "rsa") -> Path:
    path = folder / f"{name}.key"
    keys.create(path, f"mrx {name}", START, kind=kind)
    return path


def hastened(house: House, **terms: timedelta) -> House:
    """The same gateway under other terms."""
    return replace(house, terms=replace(house.terms, **terms))

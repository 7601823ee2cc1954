"""What a team would otherwise write, and not badly: an ORM, a queue, a task a member.

    a push     one ORM row a member, flushed in bulk; then one Celery message a member
    a task     for each partner: the record as XML, validated with `xmlschema`, signed with `signxml`
               (enveloped, RSA-SHA256, the certificate in it); the row says it is done

Tuned as one would: schemas and keys are loaded once a process, connections are kept, messages are
sent over one producer, workers prefetch, no results are kept, acknowledged early. Spared what it
would need besides: nothing is sent, no receipt is awaited, no consent is looked up, nothing is
numbered, and what was lost with a worker is lost.

It runs as `celery -A bench.rows.ordinary worker`; where its database and queue are stands in the
environment (`bench.rows.against`).
"""

import os
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

import xmlschema
from celery import Celery
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.signer import XMLSigner
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench import floor, members
from mappers import MAPPERS
from schemas.document import xsd_path
from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.record import Record
from schemas.status import Status

BETWEEN = "\n\n"  # of the documents in a row
DATABASE, BROKER, KEY = "BENCH_DATABASE_URL", "BENCH_BROKER_URL", "BENCH_KEY"

app = Celery("ordinary", broker=os.environ.get(BROKER, "memory://"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=32,
    worker_send_task_events=False,
    broker_pool_limit=2,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


class Base(DeclarativeBase):
    """The tables of it."""


class Company(Base):
    """One member, and what was made of it."""

    __tablename__ = "companies"

    account: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    identifiers: Mapped[str]
    status: Mapped[str]
    member_since: Mapped[date]
    documents: Mapped[str | None] = mapped_column(default=None)


def push(engine: Engine, some: Iterable[Member]) -> None:
    """Take members: rows in bulk, then a message each."""
    rows = [
        Company(
            account=one.account,
            name=one.name,
            identifiers=";".join(f"{i.scheme} {i.value}" for i in one.identifiers),
            status=one.status.value,
            member_since=one.member_since,
        )
        for one in some
    ]
    accounts = [row.account for row in rows]
    with Session(engine) as session, session.begin():
        session.add_all(rows)
    with app.producer_or_acquire() as producer:
        for account in accounts:
            tell.apply_async((account,), producer=producer)


def done(engine: Engine) -> int:
    """How many members have been told to every partner, as far as it knows."""
    with Session(engine) as session:
        some = select(func.count()).where(Company.documents.is_not(None))
        return session.scalar(some) or 0


@app.task(name="ordinary.tell")  # type: ignore[untyped-decorator, unused-ignore]
def tell(account: str) -> None:
    """Say one member to every partner."""
    with Session(_engine()) as session, session.begin():
        company = session.get_one(Company, account)
        record = _record(company)
        company.documents = BETWEEN.join([_signed(code, record) for code in members.PARTNERS])


def _record(company: Company) -> Record:
    pairs = (pair.split(" ", 1) for pair in company.identifiers.split(";") if pair)
    return Record(
        ref=members.REF,
        version=1,
        name=company.name,
        identifiers=tuple(Identifier(scheme, value) for scheme, value in pairs),
        status=Status(company.status).said(tiers=False),
        member_since=company.member_since,
    )


def _signed(programme: str, record: Record) -> str:
    document = etree.fromstring(floor.written(programme, [record]))
    _schema(programme).validate(document)
    key, certificate = _key()
    signed = _signer().sign(document, key=key, cert=certificate)
    return etree.tostring(signed, encoding="unicode")


@cache
def _engine() -> Engine:
    return create_engine(os.environ[DATABASE], pool_size=1)


@cache
def _schema(programme: str) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(xsd_path(MAPPERS[programme].FORMAT))


@cache
def _signer() -> XMLSigner:
    return XMLSigner()  # enveloped, RSA-SHA256, canonical XML 1.1


@cache
def _key() -> tuple[RSAPrivateKey, str]:
    path = Path(os.environ[KEY])
    private = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(private, RSAPrivateKey), "ours are RSA"
    return private, path.with_suffix(".crt").read_text()

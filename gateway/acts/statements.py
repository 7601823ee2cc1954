"""Looking a company up, and telling it who was told: nothing is shown that the ledger has not first.

    look     "looked up": who, why, by what; the accounts that were shown, as the subject if just one
    issue    "statement issued": the same, and the digest of the signed file

A signed file is CMS over one JSON document (`signing.seal`): `mrx open` and `openssl cms -verify`
give the document back. It names the head of the ledger at that moment, so that it can be held
against the ledger later.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views import exposure as exposures
from gateway.views import told as view
from gateway.views.exposure import Exposure
from gateway.views.told import By, Found, Told
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest
from signing.seal import seal

STATEMENT: Final = "mrx-statement/1"
EXPOSURE: Final = "mrx-exposure/1"


class Why(StrEnum):
    """Why somebody looks a company up."""

    COMPANY = "request by the company"
    AUDIT = "audit"
    INCIDENT = "incident"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Grounds:
    """The reason for looking: one of the list, and a line of one's own. `other` needs the line."""

    why: Why
    line: str = ""

    @property
    def told(self) -> dict[str, str]:
        """As the ledger keeps it: the line, which may name the company, apart from the reason.
        Raises `BadRequest` MRX-7023.
        """
        said = {"reason": self.why.value}
        if self.why is Why.OTHER or self.line.strip():
            said["line"] = reasons.given(self.line)
        return said


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found; `told` is the answer, if it was one company."""

    found: tuple[Found, ...]
    told: Told | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed file, its SHA-256 (hex), and the document in it."""

    file: bytes
    digest: str
    document: bytes


def look(
    house: House, actor: Actor, by: By, text: str, grounds: Grounds, *, now: datetime
) -> Looked:
    """Look for a company, and see who was told about it if there is just one that fits.

    Raises `BadRequest`: MRX-7017, MRX-7023 (no reason), MRX-7003 (what can be no account, no name).
    """
    permission.demand(house, actor, Right.SEE_COMPANIES, act="look a company up", now=now)
    why = grounds.told
    with house.database.write() as tx:
        found = view.find(tx, house, by, text)
        only = found[0].account if len(found) == 1 else None
        shown = [one.account for one in found]
        entry: dict[str, Any] = {"by": actor.by, **why, "looked by": by.value}
        entry |= {"found": len(shown), "accounts": shown}
        ledger.add(tx, "looked up", entry, now=now, subject=only)
    if only is None:
        return Looked(tuple(found), None)
    # Only now, after the commit: what is shown stands in the ledger.
    with house.database.read() as tx:
        return Looked(tuple(found), view.told(tx, house, only, now=now))


def issue(house: House, actor: Actor, account: str, grounds: Grounds, *, now: datetime) -> Signed:
    """The statement of one company as a signed file, for the company.

    Raises `BadRequest`: MRX-7017, MRX-7023, MRX-5002; `NotReady` MRX-3006 if our certificate is not
    valid.
    """
    permission.demand(house, actor, Right.STATE, act="issue a statement", now=now)
    why = grounds.told
    with house.database.write() as tx:
        told = view.told(tx, house, account, now=now)
        facts = asdict(told.statement)
        company = {"name": told.name, **facts}
        signed = _signed(tx, house, STATEMENT, {"company": company}, now=now)
        entry = {"by": actor.by, **why, "digest": signed.digest}
        ledger.add(tx, "statement issued", entry, now=now, subject=account)
    return signed


def report(house: House, actor: Actor, month: str, *, now: datetime) -> Signed:
    """The exposure of a month as a signed file: figures of partners, and of no company.

    Raises `BadRequest` MRX-7017; `NotReady` MRX-3006 if our certificate is not valid.
    """
    permission.demand(house, actor, Right.EXPORT, act="sign an exposure report", now=now)
    with house.database.write() as tx:
        found = exposures.exposure(tx, month, now=now)
        signed = _signed(tx, house, EXPOSURE, figures(found), now=now)
        entry = {"by": actor.by, "month": month, "digest": signed.digest}
        ledger.add(tx, "exposure signed", entry, now=now)
    return signed


def figures(found: Exposure) -> dict[str, Any]:
    """A report without the members it is about: what may leave the house."""
    return {
        "month": found.month,
        "definitions": exposures.DEFINITIONS,
        "partners": [asdict(one) for one in found.partners],
    }


def _signed(
    tx: Connection, house: House, kind: str, facts: dict[str, Any], *, now: datetime
) -> Signed:
    head = ledger.head(tx)
    said = {
        "document": kind,
        "from": house.programme,
        "made_at": now,
        "ledger": {"entries": head.size, "digest": head.digest},
        **facts,
    }
    document = orjson.dumps(said, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)
    file = seal(document, house.key, now)
    return Signed(file, sha256(file).hexdigest(), document)


def grounds(why: str, line: str) -> Grounds:
    """From the words of a form or a command: company, audit, incident or other. Raises `BadRequest`
    MRX-7023 for another word.
    """
    if why.upper() not in Why.__members__:
        raise BadRequest("MRX-7023")
    return Grounds(Why[why.upper()], line)

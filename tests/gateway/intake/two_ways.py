"""A line read the short way and the long one."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from gateway.intake import plain_consents, plain_members
from gateway.intake.events import read_event
from gateway.intake.members import read_member
from gateway.intake.reading import Tally, read
from gateway.intake.shape import Shape
from partners.said import said
from schemas.consent import ConsentText
from schemas.identifiers import SCHEMES
from schemas.programme import PROGRAMMES

TODAY = date(2026, 1, 31)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
AS_OF = datetime(2026, 1, 30, 12, tzinfo=UTC)
HOME = PROGRAMMES["us-ctpat"].schemes
EVERY = frozenset(SCHEMES)
PARTNERS = frozenset({"mx-neec", "ca-pip"})
TEXTS = {
    "neec-2014": ConsentText(
        id="neec-2014",
        valid_from=date(2014, 8, 1),
        programmes=frozenset({"mx-neec"}),
        schemes=frozenset({"MID"}),
    ),
    "2014-08": ConsentText(
        id="2014-08",
        valid_from=date(2014, 8, 1),
        programmes=PARTNERS | {"il-aeo"},
        schemes=HOME,
    ),
}
MEMBER: dict[str, Any] = {
    "account": "31614261",
    "name": "Invented Company, LLC",
    "identifiers": [{"scheme": "ICR", "value": "00-123456700"}],
    "status": "VALIDATED",
    "member_since": "2014-04-07",
    "business_type": "Importer",
}
GRANT: dict[str, Any] = {
    "account": "31614261",
    "programme": "mx-neec",
    "event": "granted",
    "at": "2014-08-20T12:00:00Z",
    "officer": {"title": "Vice President"},
    "text_version": "neec-2014",
}


def member(fields: Any, schemes: frozenset[str] = HOME) -> Any:
    found, warnings = read_member(fields, schemes=schemes, today=TODAY)
    return said(found), warnings


def grant(fields: Any) -> Any:
    return read_event(fields, partners=PARTNERS, texts=TEXTS, now=NOW, as_of=AS_OF), ()


PLAIN_MEMBER = plain_members.reader(HOME, TODAY)
PLAIN_OF_EVERY_SCHEME = plain_members.reader(EVERY, TODAY)
PLAIN_GRANT = plain_consents.reader(partners=PARTNERS, texts=TEXTS, now=NOW, as_of=AS_OF)


def ends(body: bytes, shape: Shape, take: Callable[..., Any], plain: Callable[..., Any]) -> None:
    """Read the same bytes both ways."""
    found = []
    for short in (plain, lambda _: None):
        tally = Tally()
        source = io.BytesIO(body)
        lines = read(source, format="ndjson", shape=shape, take=take, plain=short, tally=tally)
        found.append((list(lines), tally))
    assert found[0] == found[1]

"""The source's side of a run: what CBP's systems push, by the gateway's own doors."""

import io
from collections.abc import Iterable, Mapping
from datetime import datetime

import orjson

from gateway.intake import push_consents, push_members
from gateway.intake.report import Report
from outbox.house import House
from tests.journeys.model.model import Items

UNHEARD_OF = "PENDING-REVIEW"  # a status word that nobody knows


def line(account: str, items: Items, *, doubted: bool = False) -> dict[str, object]:
    """A member, as the source would write it."""
    return {
        "account": account,
        "name": items.name,
        "identifiers": [{"scheme": s, "value": v} for s, v in sorted(items.identifiers)],
        "status": UNHEARD_OF if doubted else items.status,
        "member_since": items.since.isoformat(),
    }


def members(
    house: House,
    lines: Iterable[Mapping[str, object]],
    *,
    mode: str,
    as_of: datetime,
    now: datetime,
) -> Report:
    """Push members: some (`delta`) or all there are (`snapshot`)."""
    body = b"\n".join(map(orjson.dumps, lines))
    order = push_members.Push(
        open=lambda: io.BytesIO(body),
        format="ndjson",
        mode=mode,
        as_of=as_of,
        now=now,
        by="test",
    )
    return _taken(push_members.push(house, order), {"MRX-1110"})


def consent(partner: str, account: str, at: datetime, text: str | None) -> dict[str, object]:
    """A consent event, as the source would write it."""
    event: dict[str, object] = {
        "account": account,
        "programme": partner,
        "event": "revoked" if text is None else "granted",
        "at": at.isoformat(),
    }
    if text is not None:
        event |= {"officer": {"title": "Vice President"}, "text_version": text}
    return event


def consents(
    house: House, events: Iterable[Mapping[str, object]], *, as_of: datetime, now: datetime
) -> Report:
    """Push consent events; none at all says that the feed is alive."""
    body = b"\n".join(map(orjson.dumps, events))
    order = push_consents.Push(
        source=io.BytesIO(body), format="ndjson", as_of=as_of, now=now, by="test"
    )
    return _taken(push_consents.push(house, order), {"MRX-1201"})


def _taken(report: Report, may: set[str]) -> Report:
    """Lines are rejected for no other reason than these."""
    assert {one.code for one in report.rejections} <= may, report.rejections
    return report

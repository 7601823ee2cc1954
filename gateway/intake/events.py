"""A consent event as the source describes it: the fields of one record, judged one by one."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from gateway.intake.members import read_account
from gateway.intake.moments import moment
from schemas import name
from schemas.consent import ConsentEvent, ConsentText, Event
from schemas.errors import BadRecord

_EVENTS: Mapping[object, Event] = {event.value: event for event in Event}
SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


def read_event(
    fields: Mapping[str, object],
    *,
    partners: Collection[str],
    texts: Mapping[str, ConsentText],
    now: datetime,
    as_of: datetime | None = None,
) -> ConsentEvent:
    """Return the event, its time in UTC, or raise `BadRecord`.

    `partners` are the codes of partner programmes, `texts` the consent texts by id, `now` an aware
    time. What tells of the moment `as_of` cannot tell of a grant after it. A revocation needs no officer, text or evidence: taking back is never harder than giving.
    What it brings of them is kept where it is well-formed, else dropped; and it counts even where
    its time is after `as_of`. Whether the account is on
    the roll is not asked here.
    """
    account = read_account(fields)
    programme = fields.get("programme")
    if not isinstance(programme, str) or programme not in partners:
        raise BadRecord("MRX-1202")
    word = fields.get("event")
    event = _EVENTS.get(word) if isinstance(word, str) else None
    if event is None:
        raise BadRecord("MRX-1203")
    at = _read_time(fields, now)
    officer = fields.get("officer")
    title = read_title(officer.get("title")) if isinstance(officer, dict) else None
    text, evidence = _text(fields, texts), _evidence(fields)
    if event is Event.GRANTED:
        if as_of is not None and at > as_of:
            raise BadRecord("MRX-1212")
        if title is None:
            raise BadRecord("MRX-1206")
        if text is None:
            raise BadRecord("MRX-1207")
        if programme not in text.programmes:
            raise BadRecord("MRX-1208")
        if text.valid_from > at.date():
            raise BadRecord("MRX-1209")
        if evidence is None and fields.get("evidence") is not None:
            raise BadRecord("MRX-1210")
    return ConsentEvent(
        account=account,
        programme=programme,
        event=event,
        at=at,
        officer_title=title,
        text=None if text is None else text.id,
        evidence=evidence,
    )


def _read_time(fields: Mapping[str, object], now: datetime) -> datetime:
    text = fields.get("at")
    at = moment(text) if isinstance(text, str) else None
    if at is None:
        raise BadRecord("MRX-1204")
    if at > now:
        raise BadRecord("MRX-1205")
    return at


def read_title(title: object) -> str | None:
    """The title of an officer as it is kept; None for what is none."""
    if not isinstance(title, str):
        return None
    try:
        return name.parse(title.strip())  # what a name may not hold, a title may not either
    except BadRecord:
        return None


def _text(fields: Mapping[str, object], texts: Mapping[str, ConsentText]) -> ConsentText | None:
    version = fields.get("text_version")
    return texts.get(version) if isinstance(version, str) else None


def _evidence(fields: Mapping[str, object]) -> str | None:
    digest = fields.get("evidence")
    if not isinstance(digest, str) or SHA256.fullmatch(digest) is None:
        return None
    return digest.lower()

"""A consent event as the source describes it: the fields of one record, judged one by one."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from gateway.intake.members import read_account
from schemas import name
from schemas.consent import ConsentEvent, ConsentText, Event
from schemas.errors import BadRecord

_EVENTS: Mapping[object, Event] = {event.value: event for event in Event}
# RFC 3339 section 5.6, in capitals. The hours are spelled out, since some Pythons take 24:00.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


def read_event(
    fields: Mapping[str, object],
    *,
    partners: Collection[str],
    texts: Mapping[str, ConsentText],
    now: datetime,
) -> ConsentEvent:
    """Return the event, its time in UTC, or raise `BadRecord`.

    `partners` are the codes of partner programmes, `texts` the consent texts by id, `now` an aware
    time. A revocation needs no officer, text or evidence: taking back is never harder than giving.
    What it brings of them is kept where it is well-formed, else dropped. Whether the account is on
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
    title, text, evidence = _title(fields), _text(fields, texts), _evidence(fields)
    if event is Event.GRANTED:
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
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise BadRecord("MRX-1204")
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # 30 February; a zone that leads before year 1
        raise BadRecord("MRX-1204") from None
    if at > now:
        raise BadRecord("MRX-1205")
    return at


def _title(fields: Mapping[str, object]) -> str | None:
    officer = fields.get("officer")
    title = officer.get("title") if isinstance(officer, dict) else None
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
    if not isinstance(digest, str) or _SHA256.fullmatch(digest) is None:
        return None
    return digest.lower()

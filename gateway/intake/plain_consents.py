"""Grants with nothing unusual about them, judged in one go.

Nearly every line of a push of consents: the usual fields and no other, each as it should be. What
becomes of such a line is exactly what `json_lines` and `events` make of it, in a third of the time.
Any other line gives None, also one that is wrong, and so does every revocation: they are read
again there.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from gateway.intake.events import SHA256, read_title
from gateway.intake.moments import moment
from schemas import name as names
from schemas.consent import ConsentEvent, ConsentText, Event
from schemas.errors import BadRecord
from schemas.member import ACCOUNT

Judged = tuple[ConsentEvent, tuple[str, ...]]
_FIELDS = 6  # without the evidence
_QUOTES = 26  # two a word: six fields with their words, and the word `title`
_QUOTES_EVIDENCE = 4
_MOMENT_LENGTH_MAX = 40
_KEPT = 1_024  # an officer signs for several partners at once
_NO_WARNING: tuple[str, ...] = ()


def reader(
    *,
    partners: Collection[str],
    texts: Mapping[str, ConsentText],
    now: datetime,
    as_of: datetime,
) -> Callable[[bytes], Judged | None]:
    """What turns a line into an event and the codes of its warnings; see `events.read_event`."""
    last = min(now, as_of)
    # From which day on a text may be signed for a partner.
    covered: dict[tuple[str, str], date] = {
        (programme, text.id): text.valid_from
        for text in texts.values()
        for programme in text.programmes
        if programme in partners
    }

    @lru_cache(_KEPT)
    def signed(text: str) -> tuple[datetime, date] | None:
        at = moment(text)
        return None if at is None or at > last else (at, at.date())

    def read(line: bytes) -> Judged | None:
        try:
            fields: dict[str, Any] = orjson.loads(line)
            account, programme, officer = fields["account"], fields["programme"], fields["officer"]
            text, evidence = fields["text_version"], fields.get("evidence")
            title = officer["title"]
            told = _FIELDS + (evidence is not None)
            quotes = _QUOTES if evidence is None else _QUOTES + _QUOTES_EVIDENCE
            if (
                len(fields) != told
                # More of them: a key stands twice, of which orjson keeps one and says nothing, or
                # a quote stands in a word.
                or line.count(b'"') != quotes
                or len(officer) != 1
                or ACCOUNT.fullmatch(account) is None
                or fields["event"] != Event.GRANTED
                or len(fields["at"]) > _MOMENT_LENGTH_MAX
                or (at := signed(fields["at"])) is None
                or covered[programme, text] > at[1]
                or len(title) > names.LENGTH_MAX
                or not _kept(title)
                or (evidence is not None and SHA256.fullmatch(evidence) is None)
            ):
                return None
        # No JSON, or a field is absent, of another type, or says what it must not.
        except (ValueError, KeyError, TypeError, AttributeError, BadRecord):
            return None
        event = ConsentEvent(
            account=account,
            programme=programme,
            event=Event.GRANTED,
            at=at[0],
            officer_title=title,
            text=text,
            evidence=None if evidence is None else evidence.lower(),
        )
        return event, _NO_WARNING

    return read


@lru_cache(_KEPT)
def _kept(title: str) -> bool:
    """Whether this title is kept as it stands."""
    return read_title(title) == title

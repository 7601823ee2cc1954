"""Taking a push of consent events: the register, the queue and the revocations change together.

What is taken back goes first, one by one, each with its own record; then what is given is queued.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.intake import plain_consents
from gateway.intake.ahead import ahead
from gateway.intake.events import read_event
from gateway.intake.lines import Source
from gateway.intake.reading import Format, Rejected, Taken, Tally, chunks, read
from gateway.intake.report import REJECTIONS_MAX, Report
from gateway.intake.shape import CONSENTS
from outbox import ledger, pending, preview, revocations
from outbox.house import House
from partners import agreements, consents, roll
from partners.consents import Effect, Recorded
from schemas.consent import ConsentEvent, Event
from schemas.errors import BadRecord

CHUNK = 5_000
Line = Taken[ConsentEvent] | Rejected
_STILL_OWED = (
    "Consents are still owed, and nobody is announced: push all that was said since {since}, with no"
    " line rejected."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push of consent events; `by` is who brings it, `push` its id in the register, if any.
    `since`: it holds every event since then, which a gateway restored from a backup waits for.

    `rejected` gets every rejection, with no transaction open.
    """

    source: Source
    format: Format
    as_of: datetime
    now: datetime
    by: str
    since: datetime | None = None
    dry_run: bool = False
    push: str | None = None
    step: Callable[[int], None] = lambda _: None
    rejected: Callable[[Rejected], None] = lambda _: None
    rejections_max: int = REJECTIONS_MAX


def push(house: House, order: Push) -> Report:
    """Take a push and say what became of it. An empty one says that the feed is alive (P9)."""
    with house.database.read() as tx:
        partners = frozenset(one.agreement.partner for one in agreements.every(tx))

    def take(fields: Mapping[str, object]) -> tuple[ConsentEvent, tuple[str, ...]]:
        event = read_event(
            fields, partners=partners, texts=house.texts, now=order.now, as_of=order.as_of
        )
        return event, ()

    report, tally = Report(rejections_max=order.rejections_max), Tally()
    plain = plain_consents.reader(
        partners=partners, texts=house.texts, now=order.now, as_of=order.as_of
    )
    lines = read(
        order.source, format=order.format, shape=CONSENTS, take=take, plain=plain, tally=tally
    )
    for chunk in ahead(chunks(lines, tally, most=CHUNK), house.database):
        _take(house, order, chunk, report)
        order.step(tally.read)
    report.close(tally)
    anew = False
    if not order.dry_run:
        with house.database.write() as tx:
            # What could not be read may hold revocations: it does not say "nothing new".
            if not tally.ended_early and (report.rejected < report.read or not report.read):
                consents.heard(tx, order.as_of)
                # One line that could not be taken may be the revocation that was lost.
                if order.since is not None and not report.rejected:
                    anew = consents.said_anew(tx, order.since)
            told = {"accepted": report.accepted, "rejected": report.rejected, "by": order.by}
            told |= {} if order.push is None else {"push": order.push}
            told |= {"since": order.since.isoformat()} if anew and order.since else {}
            ledger.add(tx, "consents pushed", told, now=order.now)
            owed = consents.feed(tx).owed_since
        if order.since is not None and owed is not None:
            report.note = _STILL_OWED.format(since=owed.isoformat())
    return report


def record(
    tx: Connection, house: House, events: list[ConsentEvent], *, now: datetime, by: str
) -> tuple[list[Recorded], list[int]]:
    """Write events and carry out what follows from them; return the effects and revocations."""
    recorded = consents.record(tx, events, now=now, by=by)
    told: list[tuple[object, ...]] = []
    taken_back: list[tuple[ConsentEvent, int]] = []
    given: dict[str, list[str]] = {}
    for event, effect, consent_id in recorded:
        if effect is Effect.REPEATED:
            continue
        at = event.at.isoformat()
        account, programme, word = event.account, event.programme, event.event
        told.append(
            (
                consent_id,
                account,
                programme,
                word,
                at,
                event.text,
                event.officer_title,
                event.evidence,
            )
        )
        if effect is not Effect.STANDS:
            continue
        if word is Event.REVOKED:
            taken_back.append((event, consent_id))
        else:
            given.setdefault(programme, []).append(account)
    if told:
        ledger.add(tx, "consents", {"by": by, "events": told}, now=now)
    numbers = [
        revocations.revoke(
            tx,
            house,
            account=event.account,
            partner=event.programme,
            consent_id=consent_id,
            asked_by=by,
            now=now,
        )
        for event, consent_id in taken_back
    ]
    for partner in sorted(given):
        pending.mark(tx, house, given[partner], now=now, partner=partner)
    return recorded, numbers


def _take(house: House, order: Push, chunk: list[Line], report: Report) -> None:
    accounts = {line.item.account for line in chunk if isinstance(line, Taken)}
    with house.database.read() as tx:
        on_roll = roll.exist(tx, accounts)
    events = []
    unknown = BadRecord("MRX-1201")
    for line in chunk:
        if isinstance(line, Rejected):
            rejected = line
        elif line.item.account not in on_roll:
            rejected = Rejected(line.line, line.item.account, unknown.code, unknown.reason)
        else:
            events.append(line.item)
            continue
        report.reject(rejected)
        order.rejected(rejected)
    if not events:
        return
    with house.bell.after(), house.database.write() as tx:
        recorded, numbers = record(tx, house, events, now=order.now, by=order.by)
        if order.dry_run:
            granted = {
                (one.event.programme, one.event.account)
                for one in recorded
                if one.effect is Effect.STANDS and one.event.event is Event.GRANTED
            }
            told = preview.plan_of_consents(tx, house, granted, numbers, now=order.now)
            tx.rollback()
            report.foresee(told)
            report.revoked += len(numbers)
            numbers = []
    report.revoke(numbers)
    effects = Counter([effect for _, effect, _ in recorded])
    report.accepted += effects[Effect.STANDS]
    report.unchanged += effects[Effect.REPEATED]
    report.ignored += effects[Effect.OLDER]

"""The JSON of a statement: who was told what about one member, and what proves it (P8).

    Disclosures ─ partner ─ life (a ref) ─ telling (a batch) ─ receipt
        ├ consents
        └ revocations

Read field by field from `outbox.statement`, which says what each of them means.
"""

from datetime import date, datetime
from typing import Literal

from gateway.api.source.member_wire import Noticed, Numbered, Wire, obstacle
from outbox.notices import Notice
from outbox.statement import Statement

Lane = Literal["urgent", "routine"]
Kind = Literal["announcement", "withdrawal"]


class Ground(Wire):
    id: str
    programme: str
    event: Literal["granted", "revoked"]
    at: datetime
    officer_title: str | None
    text: str | None
    evidence: str | None


class ReceiptFiled(Wire):
    issue: int
    level: str
    verdict: str | None
    digest: str
    certificate: str
    received_at: datetime


class Telling(Wire):
    batch: str
    lane: Lane
    number: int
    issue: int
    kind: Kind
    told_at: datetime
    version: int | None
    consent: Ground | None
    outcome: Literal["held", "refused", "withdrawn"] | None
    code: str | None
    receipts: list[ReceiptFiled]


class Life(Wire):
    ref: str
    stands: Literal["on its way", "held", "withdrawal on its way", "deletion confirmed"]
    told_at: datetime
    version: int
    status: str
    identifiers: list[Numbered]
    best_status: str
    held_version: int | None
    held_status: str | None
    held_at: datetime | None
    withdraw_since: datetime | None
    withdraw_reason: str | None
    gone_at: datetime | None
    fate: Literal["erased", "retained", "not-held"] | None
    law: str | None
    retained_until: date | None
    tellings: list[Telling]


class PartnerTold(Wire):
    partner: str
    stands: str
    lives: list[Life]
    waiting: list[Noticed]


class TakenBack(Wire):
    id: str
    partner: str
    at: datetime
    due_at: datetime
    answer: str
    confirmed_at: datetime | None


class Disclosures(Wire):
    """Every partner is in it, those that were never told too. No other company is, and no one of
    the staff. `records_since` is when this gateway began to keep records.
    """

    account: str
    records_since: datetime
    partners: list[PartnerTold]
    consents: list[Ground]
    revocations: list[TakenBack]


def noticed(notice: Notice) -> Noticed:
    """The JSON of one notice."""
    return Noticed.model_validate(
        {
            "partner": notice.partner,
            "lane": notice.lane,
            "state": notice.state.value,
            "kind": notice.kind,
            "ref": notice.ref,
            "since": notice.since,
            "obstacle": obstacle(notice.code),
            "partner_code": notice.partner_code,
        }
    )


def disclosures(told: Statement) -> Disclosures:
    """The JSON of a statement."""
    return Disclosures(
        account=told.account,
        records_since=told.records_since,
        partners=[
            PartnerTold(
                partner=one.partner,
                stands=one.stands,
                lives=[Life.model_validate(life) for life in one.lives],
                waiting=[noticed(notice) for notice in one.waiting],
            )
            for one in told.partners
        ],
        consents=[Ground.model_validate(one) for one in told.consents],
        revocations=[TakenBack.model_validate(one) for one in told.revocations],
    )

"""The database, on one page.

    home ─ agreements ─ certificates ─ own_keys      standing facts
                 └ staged_certificates ─ nonces      ... and what partners ask to change, or asked
    tokens ─ pushes ─ push_rejections                who of the source may speak, and what it said
           └ idempotency_keys
    members ─ member_identifiers                     what the source says
    consents ─ standing_consents                     who may hear it
    lanes ─ pending ─ batches ─ batch_files          what is on its way
                  └ batch_notices ─ attempts ─ receipts
    disclosures ─ revocations ─ losses               who may know whom, and who must forget
    ledger ─ ledger_head ─ outcomes                  what happened, in one chain; and what came of it
    inbound_lanes ─ inbound_batches ─ inbound_named  what partners say
    foreign_rolls ─ foreign_members ─ foreign_identifiers
    holdings ─ holdings_checks                       what each side holds of the other, in 256 sums
    users ─ sessions ─ tries                         who may act here, is here now, or guesses
    approvals ─ replays ─ connection_tests           what waits for a second person, runs, was tried
    onboarding                                       what is done of a new partner's list
    retention_runs                                   what was erased when its term was over

Moments are microseconds since 1970, UTC; days are ISO text; flags are 0 and 1, so that SQLite
(STRICT) and PostgreSQL hold the same. Locks are taken in one order everywhere:
lanes -> pending -> batches -> disclosures -> ledger_head.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal,
    text,
)
from sqlalchemy.dialects import postgresql

Big = BigInteger().with_variant(Integer(), "sqlite")
# Ordered and compared byte by byte on both databases, whatever language a server was set up in:
# cursors and locks go by this order.
Words = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds UTC."""

    impl = Big
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else stored(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


def stored(moment: datetime) -> int:
    """A moment as the database keeps it, for rows that go there unconverted."""
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(1 << 14)
def _day(text: str) -> date:
    """A kept day: a million members joined on some thousand of them."""
    return date.fromisoformat(text)


class Day(TypeDecorator[date]):
    """A date, kept as YYYY-MM-DD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, _dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> date | None:
        return None if value is None else _day(value)


class Flag(TypeDecorator[bool]):
    """True or False, kept as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, _dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


def is_set(flag: ColumnElement[bool]) -> ColumnElement[bool]:
    """A flag as a condition: PostgreSQL takes no number for one."""
    return flag == literal(True, Flag())


class Json(TypeDecorator[Any]):
    """Lists and objects, kept as compact JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, _dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> Any | None:
        return None if value is None else orjson.loads(value)


metadata = MetaData()
STRICT: dict[str, Any] = {"sqlite_strict": True}

# -- standing facts --------------------------------------------------------------------------------

home = Table(
    "home",
    metadata,
    Column("id", Big, primary_key=True),
    Column("programme", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("consents_as_of", Moment),  # how fresh the consent feed is (P9); NULL: never heard
    Column("members_as_of", Moment),  # the same of the members
    Column("restored_at", Moment),  # from a backup, the last time; NULL: never
    Column("consents_owed_since", Moment),  # restored, and the source has not said anew what was
    # taken back since then: the feed counts as stale. NULL: it has
    Column("places_from", Big, nullable=False, server_default="0"),  # feeds go on behind this place
    Column("versions_from", Big, nullable=False, server_default="0"),  # and versions behind this
    CheckConstraint("id = 1", name="home_is_one"),
    **STRICT,
)

own_keys = Table(
    "own_keys",
    metadata,
    Column("fingerprint", Words, primary_key=True),
    Column("certificate", Words, nullable=False),
    Column("file", Words, nullable=False),  # relative to the home folder
    Column("created_at", Moment, nullable=False),
    Column("state", Words, nullable=False, server_default="current"),  # current | next | retired
    **STRICT,
)

agreements = Table(
    "agreements",
    metadata,
    Column("partner", Words, primary_key=True),
    Column("format", Words, nullable=False),
    Column("stage", Big, nullable=False),
    Column("enabled", Flag, nullable=False),
    Column("signed_on", Day, nullable=False),
    Column("effective_on", Day, nullable=False),
    Column("ended_on", Day),
    Column("schemes", Json, nullable=False),
    Column("statuses", Json, nullable=False),
    Column("business_types", Json),  # NULL: all
    Column("push_url", Words),  # NULL: they pull
    Column("pull_url", Words),  # where we fetch their batches; NULL: they push
    Column("revision", Big, nullable=False),  # +1 at every change; drafts are compared with it
    # What holds for their roll:
    Column("coverage", Json),  # the categories of their members that are recognised; NULL: all
    Column("quarantine_percent", Big, nullable=False, server_default="20"),
    Column("rhythm_hours", Big, nullable=False, server_default="744"),  # silent longer: stale
    # When people work over there; explains waiting, and stops no clock.
    Column("time_zone", Words, nullable=False, server_default="UTC"),  # an IANA name
    Column("working_days", Json, nullable=False, server_default="[1,2,3,4,5]"),  # ISO, Monday is 1
    Column("holidays", Json, nullable=False, server_default="[]"),  # days, YYYY-MM-DD
    **STRICT,
)

certificates = Table(
    "certificates",
    metadata,
    Column("fingerprint", Words, primary_key=True),  # one certificate, one partner
    Column("partner", Words, nullable=False, index=True),
    Column("pem", Words, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("pinned_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    **STRICT,
)

staged_certificates = Table(  # asked for by a partner; pinned once two persons approve
    "staged_certificates",
    metadata,
    Column("fingerprint", Words, primary_key=True),
    Column("partner", Words, nullable=False),
    Column("pem", Words, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("staged_at", Moment, nullable=False),
    Column("staged_under", Words, nullable=False),  # the certificate that signed the request
    Column("approved_by", Words),  # the first of the two
    Column("approved_at", Moment),
    **STRICT,
)

nonces = Table(  # of signed requests, kept while their signature could still be believed
    "nonces",
    metadata,
    Column("certificate", Words, nullable=False),
    Column("nonce", Words, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("certificate", "nonce"),
    **STRICT,
)
Index("nonces_at", nonces.c.at)

tokens = Table(  # what CBP's systems and operators' tools prove themselves with
    "tokens",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the secret, which nobody keeps
    Column("scopes", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Words, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("revoked_by", Words),
    **STRICT,
)

# -- what the source says --------------------------------------------------------------------------

pushes = Table(  # each push by HTTP, and what became of it
    "pushes",
    metadata,
    Column("id", Words, primary_key=True),
    Column("token", Words, ForeignKey("tokens.id"), nullable=False, index=True),
    Column("kind", Words, nullable=False),  # members | consents
    Column("format", Words, nullable=False),
    Column("mode", Words, nullable=False),
    Column("dry_run", Flag, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("state", Words, nullable=False),
    Column("bytes", Big, nullable=False),
    Column("digest", Words, nullable=False),  # SHA-256 of the body as it came
    Column("file", Words),  # in the spool folder, while the body is still needed
    Column("received_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("report", Json),  # counts, never company data
    Column("approved_by", Words),
    CheckConstraint(
        "state IN ('running', 'done', 'waiting', 'interrupted', 'discarded')", name="push_state"
    ),
    **STRICT,
)

push_rejections = Table(
    "push_rejections",
    metadata,
    Column("push", Words, ForeignKey("pushes.id"), nullable=False),
    Column("n", Big, nullable=False),  # 1, 2, 3 in the order of the lines
    Column("line", Big, nullable=False),
    Column("account", Words),
    Column("code", Words, nullable=False),
    PrimaryKeyConstraint("push", "n"),
    **STRICT,
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("token", Words, ForeignKey("tokens.id"), nullable=False),
    Column("key", Words, nullable=False),
    Column("request", Words, nullable=False),  # SHA-256 of what was asked
    Column("at", Moment, nullable=False),
    Column("status", Big),  # NULL: the answer is not there yet
    Column("answer", LargeBinary),
    PrimaryKeyConstraint("token", "key"),
    **STRICT,
)
Index("idempotency_keys_at", idempotency_keys.c.at)

members = Table(
    "members",
    metadata,
    Column("account", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("identifiers", Json, nullable=False),  # [[scheme, value], ...] as received
    Column("status", Words, nullable=False),
    Column("member_since", Day, nullable=False),
    Column("business_type", Words),
    Column("digest", LargeBinary, nullable=False),  # of all of the above: is it news?
    Column("version", Big, nullable=False),  # +1 at every change
    Column("as_of", Moment, nullable=False),  # older pushes change nothing
    Column("present", Flag, nullable=False),  # False: missing from the last full list
    Column("unknown_status", Flag, nullable=False),  # the last word was unknown: announce nothing
    Column("changed_at", Moment, nullable=False),
    **STRICT,
)

member_identifiers = Table(  # by which a member is found; the roll row says them in order
    "member_identifiers",
    metadata,
    Column("scheme", Words, nullable=False),
    Column("value", Words, nullable=False),
    Column("account", Words, nullable=False),
    PrimaryKeyConstraint("scheme", "value", "account"),
    **STRICT,
)
Index("member_identifiers_account", member_identifiers.c.account)

consents = Table(  # the event log; never updated
    "consents",
    metadata,
    Column("id", Big, primary_key=True),
    Column("account", Words, nullable=False),
    Column("programme", Words, nullable=False),
    Column("event", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("officer_title", Words),
    Column("text", Words),
    Column("evidence", Words),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", Words, nullable=False),
    UniqueConstraint("account", "programme", "at", "event"),
    **STRICT,
)

standing_consents = Table(  # the newest event of each pair
    "standing_consents",
    metadata,
    Column("account", Words, nullable=False),
    Column("programme", Words, nullable=False),
    Column("consent_id", Big, ForeignKey("consents.id"), nullable=False),
    Column("event", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("text", Words),
    PrimaryKeyConstraint("account", "programme"),
    **STRICT,
)

# -- what is on its way ----------------------------------------------------------------------------

lanes = Table(  # two rows a partner; a partner's routine lane has the lower id (lock order)
    "lanes",
    metadata,
    Column("id", Big, primary_key=True),
    Column("partner", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("rank", Big, nullable=False),  # lower first
    Column("epoch", Words, nullable=False),
    Column("next_number", Big, nullable=False),  # moved by sealing alone, so no gaps
    Column("last_digest", Words),  # of the last closed number's issue: the chain
    Column("look_at", Moment, nullable=False),  # not before (back-off, circuit, Retry-After)
    Column("leased_by", Words),
    Column("leased_until", Moment, nullable=False),
    Column("fence", Big, nullable=False),  # +1 at every taking, never reset
    Column("served_at", Moment, nullable=False),  # fairness
    Column("failures", Big, nullable=False),  # in a row
    Column("trips", Big, nullable=False),  # > 0: failing, the circuit is open
    Column("paused", Flag, nullable=False),
    Column("paused_by", Words),
    Column("pause_reason", Words),
    Column("paused_at", Moment),
    Column("batch_max", Big, nullable=False),
    Column("restored_at", Moment),  # from a backup, and not compared since: nothing leaves (P9)
    UniqueConstraint("partner", "kind"),
    CheckConstraint("kind IN ('routine', 'urgent')", name="lane_kind"),
    CheckConstraint("paused = 0 OR kind = 'routine'", name="urgent_never_pauses"),
    **STRICT,
)

pending = Table(  # a set: a row leaves by a receipt, or when there is nothing left to tell
    "pending",
    metadata,
    Column("partner", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("ref", Words, nullable=False),  # '' to announce, or the ref to withdraw
    Column("lane_id", Big, ForeignKey("lanes.id"), nullable=False),
    Column("rank", Big, nullable=False),  # 0 withdrawals, 5 news
    Column("since", Moment, nullable=False),  # first change not yet told
    Column("batch_id", Big),  # in which unanswered batch; any later change sets NULL
    Column("blocked", Words),  # the code of what stands in the way
    Column("partner_code", Words),  # refused: the partner's own word
    PrimaryKeyConstraint("partner", "account", "ref"),
    **STRICT,
)
Index(
    "pending_next",
    pending.c.lane_id,
    pending.c.rank,
    pending.c.since,
    pending.c.account,
    sqlite_where=text("batch_id IS NULL AND blocked IS NULL"),
    postgresql_where=text("batch_id IS NULL AND blocked IS NULL"),
)
Index(
    "pending_batch",
    pending.c.batch_id,
    sqlite_where=text("batch_id IS NOT NULL"),
    postgresql_where=text("batch_id IS NOT NULL"),
)
Index("pending_account", pending.c.account)

batches = Table(  # one row a number; narrow, the bytes live elsewhere
    "batches",
    metadata,
    Column("id", Big, primary_key=True),
    Column("lane_id", Big, ForeignKey("lanes.id"), nullable=False),
    Column("epoch", Words, nullable=False),  # the life of the lane in which the number counts
    Column("number", Big, nullable=False),
    Column("issue", Big, nullable=False),
    Column("state", Words, nullable=False),
    Column("stale", Flag, nullable=False),  # must be re-issued before it leaves again
    Column("fence", Big, nullable=False),  # under which it was last claimed
    Column("revision", Big, nullable=False),  # of the agreement it was sealed under
    Column("digest", Words, nullable=False),  # of the current issue's file
    Column("previous_digest", Words),  # fixed with the number
    Column("announcements", Big, nullable=False),
    Column("withdrawals", Big, nullable=False),
    Column("bytes", Big, nullable=False),
    Column("attempts", Big, nullable=False),
    Column("code", Words),  # refused: why
    Column("sealed_at", Moment, nullable=False),
    Column("first_sent_at", Moment, nullable=False),  # from here on the partner may have heard
    Column("closed_at", Moment),
    UniqueConstraint("lane_id", "epoch", "number"),
    CheckConstraint(
        "state IN ('sealed', 'sending', 'unknown', 'received', 'settled', 'refused')",
        name="batch_state",
    ),
    **STRICT,
)
_UNANSWERED = text("state IN ('sealed', 'sending', 'unknown')")
Index(  # one in flight a lane, says the database
    "batches_in_flight",
    batches.c.lane_id,
    unique=True,
    sqlite_where=_UNANSWERED,
    postgresql_where=_UNANSWERED,
)

batch_files = Table(  # CMS files, write-once
    "batch_files",
    metadata,
    Column("batch_id", Big, ForeignKey("batches.id"), nullable=False),
    Column("issue", Big, nullable=False),
    Column("digest", Words, nullable=False),
    Column("file", LargeBinary),  # NULL: erased when its term was over; the digest stays
    Column("sealed_at", Moment, nullable=False),
    Column("erased_at", Moment),
    PrimaryKeyConstraint("batch_id", "issue"),
    **STRICT,
)

batch_notices = Table(  # what the newest issue says, and what earlier ones said too
    "batch_notices",
    metadata,
    Column("batch_id", Big, ForeignKey("batches.id"), nullable=False),
    Column("ref", Words, nullable=False),
    Column("kind", Words, nullable=False),  # announcement | withdrawal
    Column("account", Words, nullable=False),
    Column("version", Big),
    Column("items_digest", LargeBinary),  # of the four items an announcement says
    Column("consent_id", Big),
    Column("dropped_issue", Big),  # the first issue that no longer says it
    Column("outcome", Words),  # held | refused | withdrawn
    Column("code", Words),
    PrimaryKeyConstraint("batch_id", "ref"),
    **STRICT,
)
Index("batch_notices_account", batch_notices.c.account)
Index("batch_notices_ref", batch_notices.c.ref)

attempts = Table(  # opened in the claim, closed once
    "attempts",
    metadata,
    Column("batch_id", Big, ForeignKey("batches.id"), nullable=False),
    Column("n", Big, nullable=False),
    Column("issue", Big, nullable=False),
    Column("fence", Big, nullable=False),
    Column("worker", Words, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", Words),
    Column("code", Words),
    Column("detail", Words),
    PrimaryKeyConstraint("batch_id", "n"),
    **STRICT,
)

receipts = Table(  # all that verified, late and repeated ones too
    "receipts",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("lane_id", Big, ForeignKey("lanes.id"), nullable=False),
    Column("epoch", Words, nullable=False, server_default=""),
    Column("number", Big, nullable=False),
    Column("issue", Big, nullable=False),
    Column("file", LargeBinary),
    Column("level", Words, nullable=False),
    Column("verdict", Words),
    Column("certificate", Words, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("erased_at", Moment),  # its file; what it said stays
    **STRICT,
)
Index("receipts_batch", receipts.c.lane_id, receipts.c.epoch, receipts.c.number)

# -- who may know whom -----------------------------------------------------------------------------

disclosures = Table(  # one row a life. Withdrawals read this, never today's entitlements
    "disclosures",
    metadata,
    Column("ref", Words, primary_key=True),
    Column("partner", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("lane_id", Big, nullable=False),  # of the last telling
    Column("consent_id", Big, nullable=False),
    Column("version", Big, nullable=False),  # last told
    Column("told_digest", LargeBinary, nullable=False),  # of the four items last told
    Column("told_status", Words, nullable=False),
    Column("told_identifiers", Json, nullable=False),
    Column("best_status", Words, nullable=False),  # the best the partner may hold
    Column("best_identifiers", Json, nullable=False),
    Column("told_at", Moment, nullable=False),  # may have heard since
    Column("held_version", Big),  # last confirmed
    Column("held_digest", LargeBinary),  # of the four items in that version
    Column("held_at", Moment),
    Column("withdraw_since", Moment),
    Column("withdraw_reason", Words),
    Column("gone_at", Moment),
    Column("fate", Words),
    Column("law", Words),
    Column("retained_until", Day),
    Column("erased_at", Moment),  # the numbers that were told; their schemes and digests stay
    **STRICT,
)
_LIVE = text("withdraw_since IS NULL")
Index(
    "disclosures_live",
    disclosures.c.partner,
    disclosures.c.account,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
Index("disclosures_account", disclosures.c.account)
_OPEN = text("withdraw_since IS NOT NULL AND gone_at IS NULL")
Index("disclosures_open", disclosures.c.withdraw_since, sqlite_where=_OPEN, postgresql_where=_OPEN)

revocations = Table(
    "revocations",
    metadata,
    Column("id", Big, primary_key=True),
    Column("account", Words, nullable=False, index=True),
    Column("partner", Words, nullable=False),
    Column("consent_id", Big, nullable=False),
    Column("asked_by", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("answer", Words, nullable=False),
    Column("confirmed_at", Moment),
    **STRICT,
)

losses = Table(  # the times in which a life was to give no benefit, as the ledger says (P8)
    "losses",
    metadata,
    Column("ref", Words, nullable=False),
    Column("n", Big, nullable=False),  # 1, 2, 3 of this life
    Column("partner", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("told_at", Moment, nullable=False),  # when the life began
    Column("cause", Words, nullable=False),  # the first of the reasons
    Column("grounds", Json, nullable=False),  # those that hold; none any more: it is over
    Column("since", Moment, nullable=False),
    Column("until", Moment),  # the source said a good status again
    Column("best", Big, nullable=False),  # the last version that said a good one
    Column("good_version", Big, nullable=False),  # told last when the source last said a good one
    Column("may_hold", Flag, nullable=False),  # the partner might believe in a good one at `since`
    Column("ended_at", Moment),  # the benefit can be had no more: good again, confirmed, deleted
    Column("listed_until", Moment),  # the same with a list a month: good again, or told anew
    PrimaryKeyConstraint("ref", "n"),
    **STRICT,
)

# -- what happened ---------------------------------------------------------------------------------

ledger = Table(  # rows are added, never changed
    "ledger",
    metadata,
    Column("position", Big, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", Words, nullable=False),
    Column("partner", Words),
    Column("subject", Words),
    Column("entry", Words, nullable=False),
    Column("previous", Words, nullable=False),
    Column("digest", Words, nullable=False),
    **STRICT,
)
Index("ledger_subject", ledger.c.subject)

ledger_head = Table(  # one row, locked last
    "ledger_head",
    metadata,
    Column("id", Big, primary_key=True),
    Column("size", Big, nullable=False),
    Column("digest", Words, nullable=False),
    CheckConstraint("id = 1", name="ledger_head_is_one"),
    **STRICT,
)

outcomes = Table(  # what became of things, in the order of their commits; the source reads it
    "outcomes",
    metadata,
    Column("position", Big, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", Words, nullable=False),
    Column("partner", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("ref", Words),
    Column("version", Big),
    Column("code", Words),
    Column("partner_code", Words),
    **STRICT,
)

# -- what partners say -----------------------------------------------------------------------------

inbound_lanes = Table(
    "inbound_lanes",
    metadata,
    Column("partner", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("epoch", Words, nullable=False),
    Column("current", Flag, nullable=False),
    Column("number", Big, nullable=False),  # the newest taken
    Column("issue", Big, nullable=False),
    Column("digest", Words, nullable=False),  # of that issue's file
    Column("previous_digest", Words),
    PrimaryKeyConstraint("partner", "kind", "epoch"),
    **STRICT,
)

inbound_batches = Table(
    "inbound_batches",
    metadata,
    Column("partner", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("epoch", Words, nullable=False),
    Column("number", Big, nullable=False),
    Column("issue", Big, nullable=False),
    Column("digest", Words, nullable=False),
    Column("file", LargeBinary),
    Column("receipt", LargeBinary, nullable=False),  # replayed when the same issue comes again
    Column("certificate", Words, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("state", Words, nullable=False, server_default="applied"),  # | quarantined | rejected
    Column("announced", Big, nullable=False, server_default="0"),
    Column("withdrawn", Big, nullable=False, server_default="0"),
    Column("decided_by", Words),  # who let a quarantined batch in, or turned it down
    Column("decided_at", Moment),
    Column("reason", Words),
    Column("owed", Flag, nullable=False, server_default="0"),  # its "applied" must still be told
    Column("erased_at", Moment),  # its file; digest and receipt stay
    PrimaryKeyConstraint("partner", "kind", "epoch", "number", "issue"),
    **STRICT,
)

Index(
    "inbound_owed",
    inbound_batches.c.partner,
    sqlite_where=text("owed = 1"),
    postgresql_where=text("owed = 1"),
)
Index(
    "inbound_quarantined",
    inbound_batches.c.partner,
    sqlite_where=text("state = 'quarantined'"),
    postgresql_where=text("state = 'quarantined'"),
)

inbound_named = Table(  # the refs that a quarantined batch names, until it is decided
    "inbound_named",
    metadata,
    Column("partner", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("epoch", Words, nullable=False),
    Column("number", Big, nullable=False),
    Column("issue", Big, nullable=False),
    Column("ref", Words, nullable=False),
    Column("withdrawn", Flag, nullable=False),
    PrimaryKeyConstraint("partner", "kind", "epoch", "number", "issue", "ref"),
    **STRICT,
)
Index("inbound_named_ref", inbound_named.c.partner, inbound_named.c.ref)

foreign_rolls = Table(  # one row a partner: what is true of its roll as a whole
    "foreign_rolls",
    metadata,
    Column("programme", Words, primary_key=True),
    Column("size", Big, nullable=False),  # live members, kept with every change (P11)
    Column("as_of", Moment),  # when the newest batch that was applied was written
    Column("heard_at", Moment),  # the last signed word of any kind
    Column("baseline", Big, nullable=False),  # the size a day's change is measured against
    Column("baseline_at", Moment),
    Column("restored_at", Moment),  # from a backup, and the partner not asked what is missing
    **STRICT,
)

foreign_members = Table(  # each partner's roll; a withdrawn ref stays as an empty tombstone
    "foreign_members",
    metadata,
    Column("programme", Words, nullable=False),
    Column("ref", Words, nullable=False),
    Column("version", Big, nullable=False),
    Column("name", Words),
    Column("identifiers", Json),
    Column("status", Words),
    Column("member_since", Day),
    Column("changed_at", Moment, nullable=False),
    Column("gone_at", Moment),
    Column("category", Words),  # what kind of member it is over there, where they say it
    Column("covered", Flag, nullable=False, server_default="1"),
    Column("quarantined", Flag, nullable=False, server_default="0"),  # named in a batch that waits
    Column("leaf", LargeBinary),  # its part in the holdings digest
    Column("change", Big, nullable=False, server_default="0"),  # its place in the change feed
    PrimaryKeyConstraint("programme", "ref"),
    CheckConstraint("(gone_at IS NULL) = (name IS NOT NULL)", name="tombstones_are_empty"),
    **STRICT,
)
Index("foreign_members_change", foreign_members.c.change)

foreign_identifiers = Table(  # by which a foreign member is found; an erased one has none
    "foreign_identifiers",
    metadata,
    Column("programme", Words, nullable=False),
    Column("ref", Words, nullable=False),
    Column("scheme", Words, nullable=False),
    Column("value", Words, nullable=False),
    Column("source", Words, nullable=False),  # partner: in its record | home: attached by us
    Column("from_on", Day),
    Column("until_on", Day),  # the first day on which it is not theirs any more
    Column("added_at", Moment, nullable=False),
    Column("added_by", Words),
    PrimaryKeyConstraint("programme", "ref", "scheme", "value", "source"),
    **STRICT,
)
Index("foreign_identifiers_value", foreign_identifiers.c.scheme, foreign_identifiers.c.value)

# -- what each side holds of the other -------------------------------------------------------------

holdings = Table(  # side 'ours': what they hold of us; 'theirs': what we hold of them
    "holdings",
    metadata,
    Column("programme", Words, nullable=False),
    Column("side", Words, nullable=False),
    Column("bucket", Big, nullable=False),
    Column("sum", LargeBinary, nullable=False),  # 32 bytes, big-endian
    Column("size", Big, nullable=False),
    PrimaryKeyConstraint("programme", "side", "bucket"),
    **STRICT,
)

holdings_checks = Table(  # the last comparison with each partner
    "holdings_checks",
    metadata,
    Column("partner", Words, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("agree", Flag, nullable=False),
    Column("expected_count", Big, nullable=False),
    Column("expected_digest", Words, nullable=False),
    Column("held_count", Big),
    Column("held_digest", Words, nullable=False),
    **STRICT,
)

# -- who may act here ------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False, unique=True),  # what they sign in with; the ledger's `by`
    Column("roles", Json, nullable=False),
    Column("password", Words),  # scrypt, with its salt and parameters; NULL: signs in elsewhere
    Column("one_time", Flag, nullable=False),  # the password must be changed at the next sign-in
    Column("issuer", Words),  # of OpenID Connect, with `subject`
    Column("subject", Words),
    Column("failures", Big, nullable=False),  # wrong passwords of strangers in a row
    Column("locked_until", Moment),  # until then no stranger's is looked at
    Column("created_at", Moment, nullable=False),
    Column("created_by", Words, nullable=False),
    Column("disabled_at", Moment),
    Column("disabled_by", Words),
    UniqueConstraint("issuer", "subject"),
    **STRICT,
)

sessions = Table(  # of people at the console; a row that is gone is signed out
    "sessions",
    metadata,
    Column("digest", Words, primary_key=True),  # SHA-256 of what the cookie holds
    Column("user", Words, ForeignKey("users.id"), nullable=False, index=True),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("proved_at", Moment, nullable=False),  # when they last showed who they are
    **STRICT,
)

tries = Table(  # wrong passwords in a row; a row leaves with a right one, or when it is old
    "tries",
    metadata,
    Column("user", Words, ForeignKey("users.id"), nullable=False),
    Column("source", Words, nullable=False),  # an address, a browser or a session
    Column("failures", Big, nullable=False),
    Column("at", Moment, nullable=False),  # the last
    PrimaryKeyConstraint("user", "source"),
    **STRICT,
)

approvals = Table(  # acts that wait for a second person, and what became of them
    "approvals",
    metadata,
    Column("id", Words, primary_key=True),
    Column("act", Words, nullable=False),
    Column("partner", Words, nullable=False),  # '': it is about this gateway itself
    Column("subject", Words, nullable=False),  # what it is done to; '' for the partner itself
    Column("reason", Words, nullable=False),
    Column("asked_by", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("state", Words, nullable=False),
    Column("decided_by", Words),
    Column("decided_at", Moment),
    Column("decision", Words),  # the reason of whoever decided
    CheckConstraint("state IN ('waiting', 'approved', 'refused')", name="approval_state"),
    **STRICT,
)
_WAITING = text("state = 'waiting'")
Index(  # an act waits once
    "approvals_waiting",
    approvals.c.act,
    approvals.c.partner,
    approvals.c.subject,
    unique=True,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
Index("approvals_asked", approvals.c.asked_at)

replays = Table(  # refused notices told again: a selection, previewed, run in the background
    "replays",
    metadata,
    Column("id", Words, primary_key=True),
    Column("partner", Words, nullable=False),
    Column("code", Words),  # NULL: every cause that can be replayed
    Column("reason", Words, nullable=False),
    Column("asked_by", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("state", Words, nullable=False),
    Column("matched", Big, nullable=False),  # when it was previewed
    Column("retold", Big, nullable=False),
    Column("skipped", Json, nullable=False),  # reason -> how many
    Column("cursor", Words),  # the last account that was looked at
    Column("ended_at", Moment),
    Column("ended_by", Words),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'cancelled')", name="replay_state"),
    **STRICT,
)
Index("replays_asked", replays.c.asked_at)

connection_tests = Table(  # the last one with each partner
    "connection_tests",
    metadata,
    Column("partner", Words, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("findings", Json, nullable=False),  # one a step: name, verdict, code, sentence
    **STRICT,
)

onboarding = Table(  # the steps of a new partner's list that a person has ticked
    "onboarding",
    metadata,
    Column("partner", Words, nullable=False),
    Column("step", Words, nullable=False),
    Column("done_at", Moment, nullable=False),
    Column("done_by", Words, nullable=False),
    Column("evidence", Words, nullable=False),
    PrimaryKeyConstraint("partner", "step"),
    **STRICT,
)

# -- what is erased when its term is over ----------------------------------------------------------

retention_runs = Table(  # each run over all rules, and how far it has come
    "retention_runs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("began_at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("before", Json, nullable=False),  # rule -> what is older goes; fixed at the beginning
    Column("rule", Words),  # the one at work
    Column("cursor", Json, nullable=False),  # the last row that was looked at for it
    Column("erased", Json, nullable=False),  # rule -> rows, bytes, and from when to when
    Column("ended_at", Moment),
    CheckConstraint("state IN ('running', 'wiping', 'done')", name="retention_run_state"),
    **STRICT,
)
Index("retention_runs_began", retention_runs.c.began_at)
_OPEN_RUN = text("state IN ('running', 'wiping')")
Index(  # one at a time
    "retention_runs_open",
    retention_runs.c.state,
    unique=True,
    sqlite_where=_OPEN_RUN,
    postgresql_where=_OPEN_RUN,
)
# What a term may be over for, in the order of its moment; what is erased leaves the index.
_KEPT = text("file IS NOT NULL")
Index(
    "batch_files_kept",
    batch_files.c.sealed_at,
    batch_files.c.batch_id,
    batch_files.c.issue,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
Index(
    "receipts_kept",
    receipts.c.received_at,
    receipts.c.digest,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
Index(
    "inbound_kept",
    inbound_batches.c.received_at,
    inbound_batches.c.partner,
    inbound_batches.c.kind,
    inbound_batches.c.epoch,
    inbound_batches.c.number,
    inbound_batches.c.issue,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
_GONE = text("gone_at IS NOT NULL AND erased_at IS NULL")
Index(
    "disclosures_gone",
    disclosures.c.gone_at,
    disclosures.c.ref,
    sqlite_where=_GONE,
    postgresql_where=_GONE,
)
_ABSENT = text("present = 0")
Index(
    "members_absent",
    members.c.changed_at,
    members.c.account,
    sqlite_where=_ABSENT,
    postgresql_where=_ABSENT,
)

# -- what the console's lists are read by ----------------------------------------------------------

Index("members_name", members.c.name)
Index("pushes_received", pushes.c.received_at, pushes.c.id)
_UNDECIDED = text("state IN ('waiting', 'running')")
Index(
    "pushes_waiting",
    pushes.c.received_at,
    sqlite_where=_UNDECIDED,
    postgresql_where=_UNDECIDED,
)
Index("batches_of_lane", batches.c.lane_id, batches.c.id)
Index("batches_closed", batches.c.lane_id, batches.c.closed_at)
_REFUSED = text("state = 'refused'")
Index("batches_refused", batches.c.id, sqlite_where=_REFUSED, postgresql_where=_REFUSED)
Index("attempts_began", attempts.c.began_at)
Index(
    "pending_blocked",
    pending.c.partner,
    pending.c.blocked,
    sqlite_where=text("blocked IS NOT NULL"),
    postgresql_where=text("blocked IS NOT NULL"),
)
Index("revocations_at", revocations.c.at)
_UNCONFIRMED = text("confirmed_at IS NULL AND answer = 'withdrawal on its way'")
Index(
    "revocations_open",
    revocations.c.partner,
    revocations.c.due_at,
    sqlite_where=_UNCONFIRMED,
    postgresql_where=_UNCONFIRMED,
)
Index(  # with all that a month's report adds up: it reads no row of the table
    "losses_since",
    losses.c.since,
    losses.c.partner,
    losses.c.ended_at,
    losses.c.listed_until,
    losses.c.may_hold,
    losses.c.cause,
    losses.c.account,
    losses.c.told_at,
    losses.c.n,
)
Index("losses_ended", losses.c.ended_at, losses.c.since)
_LASTING = text("ended_at IS NULL")
Index(
    "losses_open",
    losses.c.partner,
    losses.c.ref,
    sqlite_where=_LASTING,
    postgresql_where=_LASTING,
)
_LISTED = text("listed_until IS NULL")
Index(
    "losses_listed",
    losses.c.account,
    sqlite_where=_LISTED,
    postgresql_where=_LISTED,
)
Index("ledger_kind", ledger.c.kind, ledger.c.position)
Index("ledger_partner", ledger.c.partner, ledger.c.position)

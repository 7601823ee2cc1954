"""What is kept how long: the one table that the run, its page, the command and the docs go by.

    RULES   erased when a term is over, by a run (`outbox.retention_run`); each term is a setting
    SWEPT   thrown away by the gateway's upkeep within minutes; their terms belong to the protocol
    KEPT    never erased, and why that is no harm

A rule names the state in which a row may be erased. Whatever is not in that state stays, however
old it is: nothing on its way, nothing unanswered, nothing that waits for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

PROOF_YEARS_MIN: Final = 5
"""P8: for so long every disclosure can be proved. A term of what proves one is never shorter."""

LONGEST_YEAR: Final = timedelta(days=366)
ERASED: Final = "(erased)"
"""What stands in place of a name or a number that was erased."""


def years(n: int) -> timedelta:
    """So many years, whichever they are."""
    return n * LONGEST_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What goes when its term is over.

    `setting` is the field of the gateway's settings that says the term, in days, or in years where
    what goes is part of a `proof`. `since` is the moment from which it counts, `also` are tables
    beside the first.
    """

    name: str
    table: str
    goes: str
    state: str
    since: str
    setting: str
    default: timedelta
    stays: str
    why: str
    proof: bool = False
    also: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that something goes from."""
        return (self.table, *self.also)

    @property
    def least(self) -> timedelta:
        """The shortest term that is taken."""
        return years(PROOF_YEARS_MIN) if self.proof else timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """What no setting ends: `long` says how long it is kept, `why` the reason."""

    what: str
    tables: str
    long: str
    why: str


RULES: Final = (
    Rule(
        name="batch files",
        table="batch_files",
        goes="the sealed files of our batches, every issue",
        state="batches that are settled or refused; never sealed, sending, unknown or received",
        since="the batch was closed",
        setting="retention_batch_files_days",
        default=timedelta(days=365),
        stays="each issue's digest, the batch, its notices, attempts and receipts, the ledger",
        why="they hold names and numbers; the ledger's digests prove what they said",
    ),
    Rule(
        name="receipt files",
        table="receipts",
        goes="partners' signed receipts",
        state="of batches that are settled or refused",
        since="the receipt came",
        setting="retention_receipt_files_years",
        default=years(6),
        stays="each receipt's digest, level, verdict and certificate, and the ledger's entry",
        why="they are the partner's own word; they name references, and no company",
        proof=True,
    ),
    Rule(
        name="inbound files",
        table="inbound_batches",
        goes="the sealed files of partners' batches",
        state="applied or rejected, and no receipt owed; never quarantined",
        since="the batch came, or a person decided it",
        setting="retention_inbound_files_days",
        default=timedelta(days=365),
        stays="the digest, our receipt (it answers a repetition), who decided, the ledger",
        why="they hold the names of a partner's members; the roll has those that are members now",
    ),
    Rule(
        name="told numbers",
        table="disclosures",
        goes="the identifiers that a partner was told",
        state="lives whose deletion is confirmed, and that no law retains over there any more",
        since="the deletion was confirmed, or the retention under a law ended",
        setting="retention_told_numbers_days",
        default=timedelta(days=365),
        stays="the reference (never used again), which schemes were told, the digests, all moments",
        why="nobody holds them any more",
    ),
    Rule(
        name="former members",
        table="members",
        goes="name, identifiers and business type of members that left",
        state="missing from the last full list, and told to nobody, or deletion confirmed by all",
        since="the full list left it out",
        setting="retention_former_members_days",
        default=timedelta(days=365),
        stays="the account, its status and day of joining, and until when it was heard of",
        why="the source describes it no more; a later push of it counts as news",
        also=("member_identifiers",),
    ),
    Rule(
        name="consents",
        table="consents",
        goes="the consent events of former members that were erased",
        state="as for former members; no event since",
        since="the member was erased, and its last event was recorded",
        setting="retention_consents_years",
        default=years(6),
        stays="the ledger's entries: which consent each disclosure rested on, what was taken back",
        why="they name an officer's title and a document; each is the ground of a disclosure",
        proof=True,
        also=("standing_consents",),
    ),
    Rule(
        name="pushes",
        table="pushes",
        goes="the register's row of a push",
        state="done, discarded or interrupted; never running or waiting",
        since="it ended",
        setting="retention_pushes_days",
        default=timedelta(days=365),
        stays="what it changed, and the ledger's entry where a person decided it",
        why="it holds counts and a digest; nobody asks for it any more",
        also=("push_rejections",),
    ),
)
BY_NAME: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in RULES})

SWEPT: Final = (
    Lasting(
        what="bodies of pushes",
        tables="files of the spool",
        long="until the push has ended; while it waits for a person",
        why="a push that a person lets in is read from there",
    ),
    Lasting(
        what="rejected lines of a push",
        tables="push_rejections",
        long="7 days after the push ended",
        why="the source repairs them by line and code; an account stands beside",
    ),
    Lasting(
        what="answers to repeated requests",
        tables="idempotency_keys",
        long="7 days",
        why="a client that lost the answer asks again under the same key",
    ),
    Lasting(
        what="nonces of signed requests",
        tables="nonces",
        long="15 minutes",
        why="for as long as their signature could be believed",
    ),
    Lasting(
        what="sessions",
        tables="sessions",
        long="30 minutes without a request, 12 hours in all",
        why="after that somebody must sign in",
    ),
    Lasting(
        what="wrong passwords",
        tables="tries",
        long="12 hours after the last",
        why="as long as a session can live",
    ),
    Lasting(
        what="what a quarantined batch names",
        tables="inbound_named",
        long="until it is decided, or overtaken",
        why="those members are not used meanwhile",
    ),
    Lasting(
        what="foreign members' records and numbers",
        tables="foreign_members, foreign_identifiers",
        long="until their partner withdraws them",
        why="a tombstone with the bare reference stays, also in the change feed: it must not live again",
    ),
)

KEPT: Final = (
    Lasting(
        what="the ledger",
        tables="ledger, ledger_head",
        long="for good",
        why="it is one chain: an entry that was taken out would break it. It holds accounts, "
        "references, versions and salted digests, never names or numbers",
    ),
    Lasting(
        what="members on the roll",
        tables="members, member_identifiers",
        long="as long as the source lists them, whatever their status",
        why="the source decides who is a member",
    ),
    Lasting(
        what="disclosures and what ended them",
        tables="disclosures, revocations, losses",
        long="for good, without names; numbers go by the rule `told numbers`",
        why="a withdrawn reference is never used again, and the proof is found by them (P8)",
    ),
    Lasting(
        what="batches and what they said",
        tables="batches, batch_notices, attempts, receipts",
        long="for good, without the files",
        why="references, accounts, digests and moments, by which the ledger's entries are found",
    ),
    Lasting(
        what="our receipts for partners' batches",
        tables="inbound_batches, inbound_lanes",
        long="for good",
        why="a repeated batch is answered with the stored receipt, whenever it comes",
    ),
    Lasting(
        what="outcomes",
        tables="outcomes",
        long="for good",
        why="the source reads on from wherever it stopped; accounts, references and codes",
    ),
    Lasting(
        what="how things stand now",
        tables="home, lanes, pending, foreign_rolls, holdings, holdings_checks, connection_tests",
        long="until the next thing happens: they hold no past",
        why="accounts and references of what waits, states and sums",
    ),
    Lasting(
        what="certificates, keys and agreements",
        tables="certificates, staged_certificates, own_keys, agreements",
        long="for good",
        why="what was signed is checked by them",
    ),
    Lasting(
        what="who acted, and what for",
        tables="users, tokens, approvals, replays, onboarding, retention_runs",
        long="for good",
        why="the ledger names them; no company stands there unless somebody wrote it in a reason",
    ),
)


def _defaults() -> Mapping[str, timedelta]:
    return MappingProxyType({rule.name: rule.default for rule in RULES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The terms in force: rule -> how long; `daily` is whether the gateway runs them by itself.

    Raises `ValueError` for a rule that there is not, and for a term that is too short.
    """

    terms: Mapping[str, timedelta] = field(default_factory=_defaults)
    daily: bool = False

    def __post_init__(self) -> None:
        if self.terms.keys() != BY_NAME.keys():
            raise ValueError("a term for each rule, and no other")
        for name, term in self.terms.items():
            if term < BY_NAME[name].least:
                raise ValueError(f"the term of {name} is too short")

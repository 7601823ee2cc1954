"""A receipt: the partner's signed answer to one issue of one batch.

Two levels: RECEIVED (it arrived and is kept; the nightly load has not run) and APPLIED, which
carries a verdict: ALL applied, with REFUSALS of single notices, or REFUSED as a whole.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from schemas.batch import Lane


class Level(StrEnum):
    RECEIVED = "received"
    APPLIED = "applied"


class Verdict(StrEnum):
    ALL = "all"
    REFUSALS = "refusals"
    REFUSED = "refused"


class Fate(StrEnum):
    """What became of a withdrawn record at the partner (P3)."""

    ERASED = "erased"
    RETAINED = "retained"
    NOT_HELD = "not-held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refused notice. `code` is ours where it has the shape MRX-nnnn, else the partner's."""

    ref: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What became of one withdrawn ref. `law` and `until` are given with RETAINED only."""

    ref: str
    fate: Fate
    law: str | None = None
    until: date | None = None


class Matching(StrEnum):
    """Whether the partner found the announced member among the companies it knows."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What an announced ref is to the partner; `code` is its own word for it, if it has one."""

    ref: str
    matching: Matching
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`digest` is the SHA-256 (hex) of the CMS file as it arrived. `verdict` is given with APPLIED
    only; `code` with REFUSED only. `held` counts the live members of the sender's roll afterwards,
    `holdings` is the digest over them (hex, `schemas.holdings`); `matches` is given with APPLIED
    only, by partners who say it.
    """

    sender: str
    recipient: str
    lane: Lane
    epoch: str
    number: int
    issue: int
    digest: str
    level: Level
    at: datetime
    verdict: Verdict | None = None
    code: str | None = None
    refused: tuple[Refusal, ...] = ()
    withdrawals: tuple[Erasure, ...] = ()
    held: int | None = None
    holdings: str | None = None
    matches: tuple[Match, ...] = ()

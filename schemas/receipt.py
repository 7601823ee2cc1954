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


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`digest` is the SHA-256 (hex) of the CMS file as it arrived. `verdict` is given with APPLIED
    only; `code` with REFUSED only. `held` counts the live members of the sender's roll afterwards.
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

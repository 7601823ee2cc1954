"""What became of a push: the answer its sender gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.intake.reading import Rejected, Tally
from outbox.preview import Plan

# Lists are part of an answer that must fit in memory; the counts never stop.
REJECTIONS_MAX = 100_000
REVOCATIONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Guarded:
    """One count the guard looks at: what would be withdrawn, of how many. `where` is a partner's
    code or `roll`.
    """

    where: str
    withdrawn: int
    of: int


@dataclass(slots=True)
class Report:
    """`read` = `accepted` + `unchanged` + `ignored` + `rejected`.

    `accepted` changed something (or would, in a dry run), `ignored` were older than what is known,
    `withdrawn` counts members a full list left out. `waiting` holds the counts over the guard,
    when the push waits for approval: then nothing was taken, and only `read` and the rejections
    tell what was seen. `plan` says what each partner would hear, in a dry run and when the push
    waits. The lists hold the first of what `rejected` and `revoked` count.
    """

    read: int = 0
    accepted: int = 0
    unchanged: int = 0
    ignored: int = 0
    rejected: int = 0
    withdrawn: int = 0
    revoked: int = 0
    dropped_fields: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    rejections: list[Rejected] = field(default_factory=list)
    revocations: list[int] = field(default_factory=list)
    waiting: list[Guarded] = field(default_factory=list)
    note: str | None = None
    plan: dict[str, Plan] | None = None
    rejections_max: int = REJECTIONS_MAX

    def reject(self, rejected: Rejected) -> None:
        self.rejected += 1
        if len(self.rejections) < self.rejections_max:
            self.rejections.append(rejected)

    def revoke(self, numbers: list[int]) -> None:
        self.revoked += len(numbers)
        self.revocations += numbers[: max(0, REVOCATIONS_MAX - len(self.revocations))]

    def foresee(self, plan: Mapping[str, Plan]) -> None:
        """Add the plan of one more chunk."""
        before = self.plan or {}
        self.plan = {
            code: before.get(code, Plan()) + plan.get(code, Plan())
            for code in sorted(before.keys() | plan.keys())
        }

    def close(self, tally: Tally) -> None:
        """Add what the reading counted; an input that breaks off ends in one rejection more."""
        self.read = max(tally.read, self.accepted + self.unchanged + self.ignored + self.rejected)
        self.dropped_fields = tally.dropped_fields
        self.warnings = dict(sorted(tally.warnings.items()))

"""What is kept how long, what of it is over its term, and the runs that erased it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.views import approvals
from gateway.views.approvals import Approval
from outbox import expired, retention_run
from outbox.expired import Total
from outbox.house import House
from outbox.retention import KEPT, RULES, SWEPT, Lasting, Rule
from outbox.retention_run import Erased, Run

ACT: Final = "erase what is over its term"
LOOKED_AT: Final = 2_000
"""A page looks at so many of the oldest rows of each rule; what lies beyond, `more` says."""
EVERY: Final = (1 << 62) - 1
RUNS_SHOWN: Final = 20
OVERDUE: Final = timedelta(days=3)
"""Where retention runs by itself, so long after the last run it is an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One rule: its term, what is over it, and what the last run erased under it."""

    rule: Rule
    term: timedelta
    before: datetime
    due: Total
    last: Erased | None

    @property
    def term_in_words(self) -> str:
        return in_words(self.rule, self.term)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All of it. `running` is the run on its way, `last` the newest that ended, `asked` what waits
    for a second person.
    """

    daily: bool
    rules: Sequence[Due]
    swept: Sequence[Lasting]
    kept: Sequence[Lasting]
    running: Run | None
    last: Run | None
    runs: Sequence[Run]
    asked: Approval | None

    @property
    def rows(self) -> int:
        return sum(one.due.rows for one in self.rules)

    @property
    def bytes(self) -> int:
        return sum(one.due.bytes for one in self.rules)

    @property
    def more(self) -> bool:
        """Whether more may be due than was looked at."""
        return any(one.due.more for one in self.rules)


def in_words(rule: Rule, term: timedelta) -> str:
    """A term as its setting says it."""
    n = term // timedelta(days=366) if rule.proof else term.days
    unit = "year" if rule.proof else "day"
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def retention(tx: Connection, house: House, *, now: datetime, most: int = LOOKED_AT) -> Page:
    """What is due now, looking at `most` rows of each rule (`EVERY`: at all of them)."""
    last = retention_run.last_ended(tx)
    before = retention_run.before(house, now=now)
    terms = house.terms.retention
    return Page(
        daily=terms.daily,
        rules=tuple(
            Due(
                rule=rule,
                term=terms.terms[rule.name],
                before=before[rule.name],
                due=expired.total(tx, rule.name, before=before[rule.name], most=most),
                last=None if last is None else last.erased.get(rule.name),
            )
            for rule in RULES
        ),
        swept=SWEPT,
        kept=KEPT,
        running=retention_run.open_run(tx),
        last=last,
        runs=retention_run.every(tx, at_most=RUNS_SHOWN),
        asked=approvals.waiting(tx, ACT),
    )

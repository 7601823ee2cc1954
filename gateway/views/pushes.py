"""What pushes did, and what those that wait would do: counts and codes, never company data."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from gateway import pushes
from gateway.pushes import Pushed
from gateway.taking import going
from outbox.house import House
from schemas.tables import push_rejections, tokens

COUNTED_MAX: Final = 20_000
"""Rejected lines that are counted by code: a page must not read a million."""

_SOME = (
    select(push_rejections.c.code)
    .where(push_rejections.c.push == bindparam("which"))
    .order_by(push_rejections.c.n)
    .limit(COUNTED_MAX)
    .subquery()
)
_BY_CODE = (
    select(_SOME.c.code, func.count().label("lines"))
    .group_by(_SOME.c.code)
    .order_by(func.count().desc(), _SOME.c.code)
)
_NAME = select(tokens.c.name).where(tokens.c.id == bindparam("which"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """What one partner would hear of a push: told about `members`, of which `consented`, of which
    the arrangement and the format allow `allowed`; `new` of those it has not heard of. `blocked`
    counts by code. It would lose `gone` of the `of` it holds now, over the guard or not.
    """

    partner: str
    members: int
    consented: int
    allowed: int
    new: int
    changed: int
    gone: int
    unchanged: int
    blocked: tuple[tuple[str, int], ...]
    of: int | None  # known where the count is over the guard
    over: bool

    @property
    def share(self) -> float | None:
        """What part of what it holds would go, in per cent."""
        return None if not self.of else 100 * self.gone / self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One push: the register's row, who pushed it, and what of it needs a person."""

    push: Pushed
    pushed_by: str
    going: int
    guarded: tuple[dict[str, Any], ...]
    funnels: tuple[Funnel, ...]
    rejected: tuple[tuple[str, int], ...]  # code, lines
    rejected_more: bool


def one(tx: Connection, _house: House, push_id: str) -> Shown:
    """One push as it stands. Raises `BadRequest` MRX-7004."""
    push = pushes.any_of(tx, push_id)
    told = push.report or {}
    by_code = tuple((row.code, row.lines) for row in tx.execute(_BY_CODE, {"which": push_id}))
    guarded = tuple(told.get("waiting", ()))
    return Shown(
        push=push,
        pushed_by=tx.scalar(_NAME, {"which": push.token}) or push.token,
        going=going(push),
        guarded=guarded,
        funnels=tuple(
            _funnel(partner, plan, guarded)
            for partner, plan in sorted((told.get("plan") or {}).items())
        ),
        rejected=by_code,
        rejected_more=told.get("rejected", 0) > sum(lines for _, lines in by_code),
    )


def _funnel(partner: str, plan: dict[str, Any], guarded: tuple[dict[str, Any], ...]) -> Funnel:
    blocked = tuple(sorted(plan["blocked"].items()))
    allowed = plan["new"] + plan["changed"] + plan["unchanged"]
    consented = allowed + sum(count for _, count in blocked)
    over = next((one for one in guarded if one["where"] == partner), None)
    return Funnel(
        partner=partner,
        members=consented + plan["no_consent"],
        consented=consented,
        allowed=allowed,
        new=plan["new"],
        changed=plan["changed"],
        gone=plan["withdrawn"],
        unchanged=plan["unchanged"],
        blocked=blocked,
        of=None if over is None else over["of"],
        over=over is not None,
    )

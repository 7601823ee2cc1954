"""A partner: its lanes paused and resumed, the way to it tested, its calendar kept."""

from datetime import UTC, date, datetime
from typing import Final

from gateway.acts import lanes as acts
from gateway.acts import terms
from gateway.identity.roles import Role
from gateway.views import rows
from partners import agreements
from schemas.calendar import Calendar
from schemas.tables import connection_tests
from tests.gateway.console.browser.ground import KOREA, Facts, Ground
from tests.gateway.console.browser.journey import WHY, Follow, Journey, Press, See, Tick, Write


def _announcing(ground: Ground) -> Facts:
    acts.resume(ground.house, ground.actor(Role.OPERATOR), KOREA, now=datetime.now(UTC))
    return {}


def _paused(ground: Ground) -> Facts:
    who = ground.actor(Role.OPERATOR)
    acts.pause(ground.house, who, KOREA, reason="for maintenance there", now=datetime.now(UTC))
    return {}


def _state(ground: Ground) -> str:
    with ground.house.database.read() as tx:
        return str(rows.of(tx, ground.house, KOREA, now=datetime.now(UTC)).routine.state)


def _never_tested(ground: Ground) -> Facts:
    with ground.house.database.write() as tx:
        tx.execute(connection_tests.delete())
    return {}


def _tested(ground: Ground, _facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        [row] = tx.execute(connection_tests.select()).all()
    results = {one["result"] for one in row.findings}
    return row.by == "operator.invented" and "failed" in results  # nobody answers there


def _another_calendar(ground: Ground) -> Facts:
    kept = Calendar("UTC", frozenset({1, 2, 3, 4, 5}), frozenset({date(2026, 12, 24)}))
    who, now = ground.actor(Role.PARTNER_ENGINEER), datetime.now(UTC)
    terms.change(ground.house, who, KOREA, terms.of(kept), reason="as they said", now=now)
    return {}


def _kept(ground: Ground, _facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        found = agreements.get(tx, KOREA).calendar
    return found == Calendar(
        "Asia/Seoul", frozenset({1, 2, 3, 4, 5, 6}), frozenset({date(2027, 1, 1)})
    )


JOURNEYS: Final = (
    Journey(
        name="pause",
        does=("/partners/{code}/pause",),
        role=Role.OPERATOR,
        given=_announcing,
        steps=(
            Follow(KOREA),
            Follow("Pause…"),
            Write("Reason", WHY),
            Press("Pause announcements"),
            See("Announcements are paused."),
            See(WHY),
        ),
        kept={"paused": Role.OPERATOR},
        holds=lambda ground, _facts: _state(ground) == "paused",
    ),
    Journey(
        name="resume",
        does=("/partners/{code}/resume",),
        role=Role.OPERATOR,
        given=_paused,
        steps=(
            Follow(KOREA),
            Follow("Resume…"),
            Write("Reason", WHY),
            Press("Resume announcements"),
            See("Announcements leave again."),
        ),
        kept={"resumed": Role.OPERATOR},
        holds=lambda ground, _facts: _state(ground) != "paused",
    ),
    Journey(
        name="test the connection",
        does=("/partners/{code}/test",),
        role=Role.OPERATOR,
        given=_never_tested,
        steps=(
            Follow(KOREA),
            Follow("Test the connection…"),
            Press("Test"),
            See("The connection was tested."),
            See("something failed"),
        ),
        holds=_tested,
    ),
    Journey(
        name="keep a partner's calendar",
        does=("/partners/{code}/calendar",),
        role=Role.PARTNER_ENGINEER,
        given=_another_calendar,
        steps=(
            Follow(KOREA),
            Follow("Agreement & fields"),
            Follow("Edit the calendar…"),
            Write("Time zone", "Asia/Seoul"),
            Tick("Saturday"),
            Write("Holidays", "2027-01-01"),
            Write("Reason", WHY),
            Press("Keep the calendar"),
            See("The calendar is kept."),
        ),
        kept={"terms changed": Role.PARTNER_ENGINEER},
        holds=_kept,
    ),
)

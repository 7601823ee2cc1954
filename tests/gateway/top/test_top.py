"""`mrx top`, driven by keys: what it shows is the overview, and what it does are the acts."""

import asyncio
import os
import pty
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select
from textual.pilot import Pilot

from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Right
from gateway.top.app import Top
from gateway.top.asking import Asking
from gateway.top.partner import PartnerScreen
from gateway.views import replays
from outbox import lane
from schemas.tables import ledger
from tests.gateway.cli.command import Mrx
from tests.world import World, member

HERE = Path(__file__).parent
SIZE = (150, 30)


@pytest.fixture
def world(whole_world: World) -> World:
    """Canada is paused with a backlog; Mexico holds two, and one more is on its way there."""
    whole_world.push(*(member(f"1000000{n}") for n in range(3)))
    whole_world.grant("10000000", "10000001", to=["mx-neec"])
    whole_world.deliver()
    with whole_world.house.database.write() as tx:
        lane.pause(
            tx, "ca-pip", by="asmith", reason="their [red]maintenance", now=whole_world.clock.now
        )
    whole_world.grant("10000000", to=["ca-pip"])
    whole_world.wire.plan = ["never arrived"]
    whole_world.grant("10000002", to=["mx-neec"])
    whole_world.deliver(rounds=1)
    whole_world.clock.forward(hours=3)
    return whole_world


Script = Callable[[Pilot[None]], Awaitable[None]]


def driven(world: World, script: Script, *, actor: Actor | None = None, every: float = 0) -> Top:
    """Run it for a person who does what the script says."""
    fixed = world.clock.now
    app = Top(world.house, actor or at_the_shell("jdoe"), every=every, clock=lambda: fixed)

    async def run() -> None:
        async with app.run_test(size=SIZE) as pilot:
            await settled(pilot)
            await script(pilot)

    asyncio.run(run())
    return app


async def settled(pilot: Pilot[None]) -> None:
    """Until what was asked of the database has come and is shown."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def choose(pilot: Pilot[None], partner: str) -> None:
    for _ in range(10):
        if pilot.app.chosen == partner:
            return
        await pilot.press("down")
    raise AssertionError(partner)


def shown(app: Top) -> str:
    """What stands on the screen."""
    lines = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    return "\n".join(lines).rstrip() + "\n"


def table(app: Top) -> str:
    """The same, without what stands above the table: the alarms have tests of their own."""
    lines = shown(app).splitlines(keepends=True)
    return "".join(lines[next(n for n, line in enumerate(lines) if "announce " in line) :])


def entries(world: World, kind: str) -> list[str]:
    with world.house.database.read() as tx:
        return list(tx.scalars(select(ledger.c.entry).where(ledger.c.kind == kind)))


def test_the_overview_is_what_the_pages_show(world: World):
    async def look(pilot: Pilot[None]) -> None:
        said = table(pilot.app)
        kept = HERE / "overview.txt"
        if os.environ.get("MRX_TEST_KEEP"):  # after a change that is meant
            kept.write_text(said, encoding="utf-8")
        assert said == kept.read_text(encoding="utf-8")

    driven(world, look)


@pytest.mark.slow
def test_enter_opens_a_partner_and_escape_goes_back(world: World):
    async def look(pilot: Pilot[None]) -> None:
        await choose(pilot, "ca-pip")
        await pilot.press("enter")
        await settled(pilot)
        said = shown(pilot.app)
        assert "paused by asmith 3 h ago: their [red]maintenance" in said
        assert "1 to announce" in said
        assert "certificates" in said
        assert "Invented Company" not in said
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, PartnerScreen)

    driven(world, look)


@pytest.mark.slow
def test_a_pause_says_what_will_wait_asks_why_and_stands_in_the_ledger(world: World):
    async def pause(pilot: Pilot[None]) -> None:
        await choose(pilot, "il-aeo")
        await pilot.press("p")
        assert "Withdrawals and bad news still leave" in shown(pilot.app)
        await pilot.press(*"repair", "enter")
        await settled(pilot)
        assert "|| paused" in next(
            line for line in shown(pilot.app).splitlines() if "il-aeo" in line
        )

    driven(world, pause)

    assert entries(world, "paused")[-1] == '{"by":"jdoe","reason":"repair"}'


@pytest.mark.slow
def test_resuming_from_the_partners_own_screen(world: World):
    async def resume(pilot: Pilot[None]) -> None:
        await choose(pilot, "ca-pip")
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("u", *"over", "enter")
        await settled(pilot)
        assert "paused by" not in shown(pilot.app)

    driven(world, resume)

    assert '"reason":"over"' in entries(world, "resumed")[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alone", "said"),
    [
        (1, ["1 that were turned down are told again."]),
        (
            0,
            [
                "1 that were turned down stay as they are:",
                "they are for two persons; use mrx replay.",
            ],
        ),
    ],
)
def test_resuming_says_what_becomes_of_what_was_turned_down(
    world: World, monkeypatch: pytest.MonkeyPatch, alone: int, said: list[str]
):
    monkeypatch.setattr(replays, "ALONE_MAX", alone)
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2210' WHERE partner = 'ca-pip'")

    async def ask(pilot: Pilot[None]) -> None:
        await choose(pilot, "ca-pip")
        await pilot.press("u")
        assert [line for line in said if line not in shown(pilot.app)] == []

    driven(world, ask)


@pytest.mark.slow
def test_escape_does_nothing(world: World):
    async def leave(pilot: Pilot[None]) -> None:
        await choose(pilot, "il-aeo")
        await pilot.press("p", *"never mind", "escape")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, Asking)

    before = entries(world, "paused")
    driven(world, leave)

    assert entries(world, "paused") == before


@pytest.mark.slow
def test_no_reason_no_pause_and_who_may_not_is_told_and_noted(world: World):
    before = entries(world, "paused")

    async def pause(pilot: Pilot[None]) -> None:
        await choose(pilot, "il-aeo")
        await pilot.press("p", "space", "enter")
        await settled(pilot)
        assert [one.title for one in pilot.app._notifications] == ["MRX-7023"]

    async def look(pilot: Pilot[None]) -> None:
        await choose(pilot, "il-aeo")
        await pilot.press("p", *"repair", "enter")
        await settled(pilot)
        assert [one.title for one in pilot.app._notifications] == ["MRX-7017"]

    driven(world, pause)
    driven(world, look, actor=Actor("viewer", frozenset({Right.SEE})))

    assert entries(world, "paused") == before
    assert '"by":"viewer"' in entries(world, "act refused")[-1]


@pytest.mark.slow
def test_what_changes_is_shown_and_the_cursor_stays(world: World):
    async def watch(pilot: Pilot[None]) -> None:
        await choose(pilot, "kr-aeo")
        with world.house.database.write() as tx:
            lane.pause(tx, "il-aeo", by="asmith", reason="x", now=world.clock.now)
        await pilot.press("r")
        await settled(pilot)
        assert "|| paused" in next(
            line for line in shown(pilot.app).splitlines() if "il-aeo" in line
        )
        assert pilot.app.chosen == "kr-aeo"
        await pilot.press("l")
        await settled(pilot)

    driven(world, watch)


def test_q_ends_it(world: World):
    async def leave(pilot: Pilot[None]) -> None:
        await pilot.press("q")

    assert driven(world, leave).return_code == 0


def test_without_a_terminal_it_says_what_to_use(world: World):
    said = Mrx(world.house.folder)("top", code=2)

    assert "mrx overview --json" in said.stderr


@pytest.mark.processes
def test_on_a_real_terminal_it_draws_and_q_ends_it(world: World):
    ours, theirs = pty.openpty()
    mrx = Mrx(world.house.folder, env={"TERM": "xterm-256color", "COLUMNS": "150", "LINES": "40"})
    process = mrx.process("top", "--every", "0", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    drawn, pressed, until = b"", False, time.monotonic() + 60
    with suppress(OSError):  # the terminal is gone once it has ended
        while time.monotonic() < until and (some := os.read(ours, 65_536)):
            drawn += some
            if not pressed and b"mx-neec" in drawn:
                os.write(ours, b"q")
                pressed = True
    os.close(ours)

    assert process.wait(20) == 0
    assert pressed

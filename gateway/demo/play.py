"""The demo as a person sees it: what is said at each step, and how it ends."""

import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from gateway.demo import ends, scene, table
from gateway.demo.companies import COUNT
from gateway.demo.ends import US, Scene
from gateway.demo.foreign import CASTS
from gateway.demo.processes import Processes
from gateway.demo.scene import TakenBack
from gateway.demo.show import Show
from gateway.home import ADMINISTRATOR, first_administrator
from gateway.identity.roles import Role
from gateway.settings import Settings
from schemas.errors import MrxError

DONE, FAILED, INTERRUPTED = 0, 1, 130
WATCH_SECONDS = 1.0


def play(*, once: bool, companies: int = COUNT, partners: Sequence[str] = tuple(CASTS)) -> int:
    """Play the demo and return its exit code (`gateway.demo.run`).

    `companies` and `partners` make it smaller.
    """
    show = Show()
    folder = _fresh(Settings().home)
    code = FAILED
    with _stopped_by_sigterm():
        try:
            with Processes(folder / "logs") as processes:
                show.say(
                    f"One gateway, {len(partners)} partner sandboxes: real processes on this machine."
                )
                show.say("Every company, number and certificate is invented.")
                show.say(f"Folder: {_from_here(folder)}\n")
                code = _perform(show, processes, folder, partners, once=once, companies=companies)
                show.say("\nStopping every process.")
        except MrxError as error:
            show.fail(f"{error}\nThe folder is kept: {_from_here(folder)}")
        except KeyboardInterrupt:
            show.say("\nStopped before the end; every process has ended.")
            code = INTERRUPTED
    return code


def _perform(
    show: Show,
    processes: Processes,
    folder: Path,
    partners: Sequence[str],
    *,
    once: bool,
    companies: int,
) -> int:
    began = time.monotonic()
    show.say(f"1  Starting them: {', '.join((US, *partners))}.")
    stage = ends.start(show, processes, folder, codes=partners, count=companies)
    try:
        return _carry_out(show, stage, began, once=once)
    finally:
        stage.close()


def _carry_out(show: Show, stage: Scene, began: float, *, once: bool) -> int:
    show.say("2  Connecting them: each end is given the other's certificate and address.")
    ends.connect(stage)
    us = stage.us
    show.say(
        f"3  Loading {len(us.members):,} members of C-TPAT and {len(us.grants):,} consents of"
        " their officers; and a few members of each partner's own programme."
    )
    ends.load(stage)
    show.say("4  Exchanging: sealed, numbered batches out, signed receipts back.")
    scene.exchange(stage)
    show.say("5  One company takes one consent back.")
    taken = scene.revoke(stage)
    _tell(show, taken)
    show.say("6  Looking from the outside: who holds what, against who consented to what.")
    wrong = scene.examine(stage)
    _close(show, stage, wrong, time.monotonic() - began)
    if wrong:
        return FAILED
    if not once:
        _keep_serving(show, stage, taken)
    return DONE


def _tell(show: Show, taken: TakenBack) -> None:
    found = taken.revocation
    assert found.confirmed_at is not None, "it was waited for"
    seconds = (found.confirmed_at - found.at).total_seconds()
    fates = ", ".join(fate for _, fate, _, _ in found.lives if fate is not None)
    show.say(f"   {taken.member.name} (account {taken.member.account}), held by {taken.partner}")
    show.say(f"   revocation {found.id}: {found.answer} after {seconds:.2f} s; it was {fates}")


def _close(show: Show, stage: Scene, wrong: list[str], seconds: float) -> None:
    with stage.us.house.database.read() as tx:
        lines = [line for line in table.read(tx) if line.partner in stage.partners]
    show.say()
    show.table(table.render(lines))
    for reason in table.reasons(lines):
        show.say(reason)
    show.say("theirs    members of the partner's own programme that it told us of\n")
    phases = ", ".join(f"{title} {took:.1f} s" for title, took in show.phases)
    show.say(f"Time: {phases}; all {seconds:.1f} s.")
    if wrong:
        show.fail("Not everything is as it should be:")
        for sentence in wrong:
            show.fail(f"  {sentence}")
        show.fail(f"The folder is kept: {_from_here(stage.folder)}")
    else:
        show.say(
            "Every consented member that can be said is held, nobody else is; every ledger verifies."
        )


def _keep_serving(show: Show, stage: Scene, taken: TakenBack) -> None:
    """Say where to look, and stay until Ctrl-C."""
    us, mrx = stage.us.process, _program()
    # Every role but the second person's: nobody approves an act of their own anyhow.
    roles = set(Role) - {Role.APPROVER}
    password = first_administrator(stage.us.house, roles, now=datetime.now(UTC))
    show.say("\nAll of them keep serving. Ctrl-C ends it and stops every process.\n")
    show.say(f"  console   {us.url}/console/")
    show.say(f"            sign in as {ADMINISTRATOR} with the one-time password {password}\n")
    for end in stage.ends:
        home = _from_here(end.process.home)
        show.say(f"  {end.code:<9} {end.process.url}/health/ready  {home}")
    show.say(f"  logs      {_from_here(us.log.parent)}\n\nTry, in another terminal:\n")
    for home, command in (
        (us.home, "partner list"),
        (us.home, "batch list"),
        (us.home, "notice list --state blocked"),
        (us.home, f"disclosure show {taken.member.account}"),
        (us.home, "ledger verify"),
        (us.home, "user create second --role approver"),
        (stage.ends[-1].process.home, f"roll list {US}"),
    ):
        show.say(f"  MRX_HOME={_from_here(home)} {mrx} {command}")
    show.say(f"  curl {us.url}/health/ready")
    try:
        while True:
            stage.processes.look()
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return


def _program() -> str:
    """How a person calls `mrx` here: by the script beside this Python, or through it."""
    script = Path(sys.executable).with_name("mrx")
    if not script.exists():
        return f"{_from_here(Path(sys.executable))} -m gateway.cli"
    return str(_from_here(script))


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _fresh(home: Path) -> Path:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home.resolve() / f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does, in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

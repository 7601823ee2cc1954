"""What the routes of pushes share: who may call them, their parameters, and their turn."""

from collections.abc import Callable
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import Header, Path, Query, Response

from gateway import pushes
from gateway.api.caller import Caller, holding
from gateway.api.context import Context
from gateway.api.source import push_wire
from gateway.api.source.push_wire import Moment, Push
from gateway.pushes import Pushed
from gateway.tokens import Scope

# Each reads and writes for minutes; more at once would only wait for each other, and for memory.
AT_ONCE = 4
_turns: RunVar[CapacityLimiter] = RunVar("pushes at once")

Pusher = Annotated[Caller, holding(Scope.PUSH)]
Looker = Annotated[Caller, holding(Scope.PUSH, Scope.APPROVE)]
Approver = Annotated[Caller, holding(Scope.APPROVE)]
AsOf = Annotated[
    Moment | None, Query(description="The moment whose truth this is; none: now. Never later.")
]
DryRun = Annotated[bool, Query(description="Say what would happen; change nothing.")]
ContentDigest = Annotated[
    str | None,
    Header(
        alias="Content-Digest",
        max_length=1000,
        description="RFC 9530, sha-256 or sha-512, of the body as it is sent.",
    ),
]
PushId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


async def in_turn(work: Callable[[], Response]) -> Response:
    """Carry out a push in a thread, when it is its turn; other calls are answered meanwhile."""
    try:
        turns = _turns.get()
    except LookupError:
        turns = CapacityLimiter(AT_ONCE)
        _turns.set(turns)
    return await to_thread.run_sync(work, limiter=turns)


def seen(here: Context, caller: Caller, push_id: str) -> Pushed:
    """A push this caller may see, or `BadRequest` MRX-7004."""
    approves = Scope.APPROVE in caller.scopes
    with here.house.database.read() as tx:
        return pushes.get(tx, push_id, token=caller.token, approves=approves)


def told(here: Context, caller: Caller, push_id: str) -> Push:
    """How a push stands now, on the wire."""
    push = seen(here, caller, push_id)
    with here.house.database.read() as tx:
        return push_wire.whole(tx, push)

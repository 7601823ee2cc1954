"""The middleware around the sandbox's partner door: one habit for each batch that comes.

    POST /v1/partner/batches --> plan.next() --> before applying | the honest end | its answer,
                                                                                    changed or lost

The honest end is the same application as in `mrx serve`: what is applied is applied for good, and
what comes again is answered by the stored receipt. What the honest end turns down stays turned
down, and what broke off on its way never came: the habit waits for the next batch.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.sandbox import answering, errand, receipts, roll
from gateway.sandbox.answering import Answer
from gateway.sandbox.habits import BRINGING, Habit
from gateway.sandbox.plan import Plan
from outbox.house import House
from schemas.errors import MrxError

logger = logging.getLogger("mrx.sandbox")

PATH = "/v1/partner/batches"
RETRY_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the habits are practised against `sender`: late by `slow_seconds`; what is brought to
    it goes to its address `answer_to`, `later_seconds` after the answer. `folder` is the sandbox's
    home, `bytes_max` its limit for a batch.
    """

    plan: Plan
    sender: str
    folder: Path
    bytes_max: int
    slow_seconds: float = 35
    later_seconds: float = 1
    answer_to: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Misbehaviour:
    """An ASGI application: `app`, spoiled batch by batch."""

    def __init__(self, app: ASGIApp, house: House, manners: Manners) -> None:
        self._app = app
        self._house = house
        self._manners = manners
        self._errands: set[asyncio.Task[Any]] = set()
        self._one = asyncio.Lock()  # one batch at a time, so that what is new in it can be told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", PATH):
            await self._app(scope, receive, send)
            return
        file, again = await answering.request(receive, bytes_max=self._manners.bytes_max)
        if file is None:
            await self._app(scope, again, send)
            return
        habit = self._manners.plan.next()
        logger.info("a batch meets the habit %s", habit.value)
        match habit:
            case Habit.HONEST:
                async with self._one:
                    await self._app(scope, again, send)
            case Habit.DEAF:
                await answering.hang_up(send, b"")
            case Habit.BUSY:
                await answering.failure(send, 503, retry_after=RETRY_SECONDS)
            case Habit.REFUSE_ERROR:
                await answering.failure(send, 500)
            case Habit.REFUSING if sealed := await self._refusal(file):
                await answering.file(send, sealed)
            case _:
                await self._applied(habit, scope, again, send)

    async def _refusal(self, file: bytes) -> bytes | None:
        """The batch refused as a whole, if it is one that can be."""
        limit, now = self._manners.bytes_max, self._manners.clock()
        try:
            return await run_in_threadpool(
                roll.refuse_whole, self._house, file, bytes_max=limit, now=now
            )
        except MrxError:
            return None

    async def _applied(self, habit: Habit, scope: Scope, receive: Receive, send: Send) -> None:
        answer, sealed = Answer(), None
        async with self._one:
            before = await self._known() if habit is Habit.PICKY else frozenset()
            await self._app(scope, receive, answer.hear)
            if answer.status == 200:
                sealed = await run_in_threadpool(self._said, habit, answer.body, before)
        if sealed is None:
            self._manners.plan.again(habit)
            await answering.pass_on(send, answer)
            return
        match habit:
            case Habit.SILENT:
                await answering.never(receive)
            case Habit.CUT:
                await answering.hang_up(send, sealed)
            case Habit.ERROR:
                await answering.failure(send, 500)
            case Habit.HUGE:
                await answering.pour(receive, send, size=answering.HUGE)
            case Habit.ENDLESS:
                await answering.pour(receive, send, size=answering.ENDLESS)
            case Habit.SLOW:
                await asyncio.sleep(self._manners.slow_seconds)
                await answering.file(send, sealed)
            case _:
                await answering.file(send, sealed)
        if habit in BRINGING:
            self._bring(answer.body)

    def _said(self, habit: Habit, sealed: bytes, before: frozenset[str]) -> bytes | None:
        """What is said in place of the honest receipt; None where the habit finds no ground."""
        house, now = self._house, self._manners.clock()
        match habit:
            case Habit.PICKY:
                return roll.refuse_some(house, sealed, before, now=now)
            case Habit.REPLAY:
                return roll.earlier(house, receipts.read(house, sealed, now=now))
            case Habit.FORGETFUL:
                return sealed if roll.forget_half(house, self._manners.sender) else None
            case Habit.TOMBLESS:
                return sealed if roll.lose_tombstones(house, self._manners.sender) else None
            case _ if habit in receipts.REWRITTEN:
                folder = self._manners.folder
                return receipts.spoiled(house, habit, sealed, folder=folder, now=now)
            case _:
                return sealed

    async def _known(self) -> frozenset[str]:
        return await run_in_threadpool(roll.known, self._house, self._manners.sender)

    def _bring(self, sealed: bytes) -> None:
        """Bring the honest receipt to the sender's own door, in a while."""
        mine = self._manners
        assert mine.answer_to is not None, "a plan that brings something has an address"
        errand_ = run_in_threadpool(
            errand.bring,
            self._house,
            mine.sender,
            mine.answer_to,
            sealed,
            after=mine.later_seconds,
        )
        task = asyncio.create_task(errand_)
        self._errands.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._errands.discard)

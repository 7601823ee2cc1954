"""Partners' ends in a process of their own: the real receiving code, a journal, and bad weather.

    POST /<code>/v1/partner/batches --> journal --> word --> the honest application of that home

    honest   the receipt
    busy     503, before anything is applied
    drop     applied; the connection is cut in the middle of the answer
    hang     applied; no answer, until the other side goes
    late     applied; the answer takes its time

Words come from the file `plan` first, one a batch, then by chance; where the file `calm` stands,
all is honest.

    python partner.py FOLDER PORT '{"seed": 4, "busy": 0.08, ...}' CODE...
"""

import asyncio
import random
import sys
from pathlib import Path

import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import home
from gateway.app import build
from gateway.sandbox import answering
from gateway.sandbox.answering import Answer
from gateway.settings import Settings
from tests.journeys.chaos.journal import Journal

PATH = "/v1/partner/batches"
LATE_SECONDS = 0.3


class Weather:
    """Which word the next batch of a partner meets."""

    def __init__(self, folder: Path, rates: dict[str, float], seed: int) -> None:
        self._folder, self._rates = folder, rates
        self._dice = random.Random(seed)
        plan = folder / "plan"
        self._plan = plan.read_text().split() if plan.exists() else []

    def next(self) -> str:
        if self._plan:
            return self._plan.pop(0)
        if (self._folder / "calm").exists():
            return "honest"
        drawn = self._dice.random()
        for word, rate in self._rates.items():
            if (drawn := drawn - rate) < 0:
                return word
        return "honest"


class Partner:
    """An ASGI application: one partner's, recorded and spoiled."""

    def __init__(self, app: ASGIApp, journal: Journal, weather: Weather, bytes_max: int) -> None:
        self._app, self._journal, self._weather = app, journal, weather
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) != ("POST", PATH):
            await self._app(scope, receive, send)
            return
        file, again = await answering.request(receive, bytes_max=self._bytes_max)
        if file is None:
            await self._app(scope, again, send)  # the sender died in the middle: nothing arrived
            return
        word = self._weather.next()
        self._journal.write(word, file)
        if word == "busy":
            await answering.failure(send, 503, retry_after=1)
            return
        answer = Answer()
        await self._app(scope, again, answer.hear)
        if answer.status != 200:
            sys.stderr.write(f"turned away: {answer.status} {answer.body!r}\n")
        match word:
            case "drop":
                await answering.hang_up(send, answer.body)
            case "hang":
                await answering.never(receive)
            case "late":
                await asyncio.sleep(LATE_SECONDS)
                await answering.pass_on(send, answer)
            case _:
                await answering.pass_on(send, answer)


class Street:
    """All the partners at one address, each behind its code."""

    def __init__(self, doors: dict[str, ASGIApp]) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", scope["type"]
        if scope["path"] == "/health/live":
            await answering.file(send, b"")
            return
        _, code, rest = scope["path"].split("/", 2)
        path = f"/{rest}"
        await self._doors[code]({**scope, "path": path, "raw_path": path.encode()}, receive, send)


def main(folder: Path, port: int, weather: dict[str, float], codes: list[str]) -> None:
    doors: dict[str, ASGIApp] = {}
    seed = int(weather.pop("seed", 0))
    for n, code in enumerate(codes):
        settings = Settings(home=folder / code)
        sky = Weather(folder, weather, seed + n)
        journal = Journal(folder / f"{code}.journal")
        app = build(home.open_home(settings), settings)
        doors[code] = Partner(app, journal, sky, settings.body_bytes_max)
    uvicorn.run(
        Street(doors),
        port=port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), orjson.loads(sys.argv[3]), sys.argv[4:])

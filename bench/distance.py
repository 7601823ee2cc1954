"""Partners far away, several in one process: `python -m bench.distance SECONDS PORT=HOME ...`.

At each port the doors of that home are served, as `mrx serve` would serve them; each answer leaves
so many seconds later than it could. They receive, and send nothing themselves.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import server
from gateway.app import build
from gateway.demo.processes import LOOPBACK
from gateway.home import open_home
from gateway.settings import Settings


def command(seconds: float, homes: Mapping[int, Path]) -> Sequence[str]:
    """How a process is started that serves these homes, by their ports."""
    places = [f"{port}={place}" for port, place in homes.items()]
    return (sys.executable, "-m", "bench.distance", str(seconds), *places)


def main(seconds: float, homes: Mapping[int, Path]) -> None:
    """Serve until told to stop, or until who started us has ended: our input is then closed."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    doors: dict[int, ASGIApp] = {}
    listeners = []
    for port, place in homes.items():
        settings = Settings(home=place)
        doors[port] = build(open_home(settings), settings)
        listeners.append(server.listen(LOOPBACK, port))
    config = uvicorn.Config(
        _far(doors, seconds), lifespan="off", log_level="warning", access_log=False
    )
    uvicorn.Server(config).run(sockets=listeners)


def _far(doors: Mapping[int, ASGIApp], seconds: float) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(seconds)
            await send(message)

        await doors[scope["server"][1]](scope, receive, late)

    return app


def _end_with_starter() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    pairs = (one.partition("=") for one in sys.argv[2:])
    main(float(sys.argv[1]), {int(port): Path(place) for port, _, place in pairs})

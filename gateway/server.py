"""Serving: the HTTP side and the engine's part of this process, until told to stop."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import TypeAlias

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway import connection, engine, log, trace, traces
from gateway.app import build
from gateway.connection import Bounds, judging, made
from gateway.metrics.exporter import Exporter
from gateway.settings import Settings
from outbox import watch
from outbox.house import House
from schemas.errors import MrxError

logger = logging.getLogger("mrx.http")

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8700
_TICKS_A_SECOND = 10  # uvicorn's

Around: TypeAlias = Callable[[ASGIApp], ASGIApp]


def serve(
    house: House, settings: Settings, *, host: str, port: int, around: Around | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. The port is bound before the lanes start, so that a second
    server on the same port fails before it does anything. `around` wraps the application: the
    sandbox's bad habits.
    """
    log.begin(settings.log_format)
    listener = listen(host, port)
    app = build(house, settings)
    # So that counters are there when they are first asked for: see `gateway.metrics.tally`.
    threading.Thread(target=_count, args=[app.state.metrics], name="count", daemon=True).start()
    with watch.watched_by(log.steps), traces.exported(settings), engine.running(house, settings):
        served(app, settings, around=around).run(sockets=[listener])


def served(app: FastAPI, settings: Settings, *, around: Around | None = None) -> "Server":
    """The server of this application; it runs on sockets of `listen`."""
    context = app.state.context
    config = uvicorn.Config(
        app if around is None else around(app),
        http=made(Bounds(settings.connections_max, context.turned_away)),  # type: ignore[arg-type]  # it only calls it
        ws="none",
        log_config=None,  # its own would write the text of exceptions
        access_log=False,  # paths and queries may hold company data; the shield writes ours
        server_header=False,
        proxy_headers=False,  # whose connection it is decides what a proxy may say of a certificate
        timeout_keep_alive=connection.IDLE_SECONDS,
        timeout_graceful_shutdown=10,
    )
    return Server(config, context.stopping)


class Server(uvicorn.Server):
    """Lets requests end when it is told to stop; `stopping` tells those that only wait, so that
    nobody's long poll holds it up. Once a second it looks which client keeps it waiting.
    """

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_SECOND == 0:
            judging(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)


def _count(metrics: Exporter) -> None:
    try:
        metrics.count()
    except MrxError as error:
        logger.warning("counting: %s", error)  # whoever asks for the metrics counts on
    except Exception as error:  # noqa: BLE001  # as above
        logger.error("MRX-9999 counting failed: %s", trace.of(error))  # noqa: TRY400


def listen(host: str, port: int) -> socket.socket:
    """A bound socket whose connections send at once what they are given.

    asyncio sees to that only for sockets it has bound itself. Without it the body of an answer,
    written after its head, waits until the other end has acknowledged the head: up to 40 ms.
    """
    listener = socket.create_server((host, port), reuse_port=False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted ones inherit it
    return listener

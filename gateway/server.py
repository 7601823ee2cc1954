"""Serving: the HTTP side and the engine's part of this process, until told to stop."""

import logging
import socket
from collections.abc import Callable
from typing import TypeAlias

import uvicorn
from starlette.types import ASGIApp

from gateway import engine
from gateway.app import build
from gateway.settings import Settings
from outbox.house import House

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8700

Around: TypeAlias = Callable[[ASGIApp], ASGIApp]


def serve(
    house: House, settings: Settings, *, host: str, port: int, around: Around | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. The port is bound before the lanes start, so that a second
    server on the same port fails before it does anything. `around` wraps the application: the
    sandbox's bad habits.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it says hello at each look at it
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs addresses of partners
    listener = listen(host, port)
    app: ASGIApp = build(house, settings)
    config = uvicorn.Config(
        app if around is None else around(app),
        log_level="warning",
        access_log=False,  # paths and queries may hold company data
        server_header=False,
        proxy_headers=False,  # whose connection it is decides what a proxy may say of a certificate
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
    )
    with engine.running(house, settings):
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A bound socket whose connections send at once what they are given.

    asyncio sees to that only for sockets it has bound itself. Without it the body of an answer,
    written after its head, waits until the other end has acknowledged the head: up to 40 ms.
    """
    listener = socket.create_server((host, port), reuse_port=False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted ones inherit it
    return listener

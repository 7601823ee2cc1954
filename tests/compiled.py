"""What is made anew for each database and each application is made once for all of them here.

    statements   SQLAlchemy keeps what it has compiled with each engine, and every test opens
                 databases of its own: a fifth of the time. Text, parameters and types of a
                 statement do not depend on which file or server it goes to.
    routes       FastAPI works out what a route takes and gives when an application is first asked,
                 and every test builds its own. It depends on the route and its router alone, which
                 are the same in every application of ours.
    OpenAPI      A door describes itself when it is first asked, and by that turns away parameters
                 that nobody knows. It says the same of the same routes.
    modules      Where PYTHONDONTWRITEBYTECODE is set, as in containers, each of the hundreds of
                 commands that tests start compiles our modules anew: a quarter of a second; and
                 each worker of each run the tests themselves: four seconds.

Routes and OpenAPI took a quarter of a second a test. A gateway has one of each, and makes it once.
"""

import compileall
import os
import sys
from pathlib import Path
from typing import Any

import orjson
from fastapi import routing
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from gateway.api import door

STATEMENTS = 5000
ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("schemas", "mappers", "signing", "partners", "outbox", "gateway", "bench")


def share() -> None:
    """From now on, in this process."""
    _statements()
    _routes()
    _descriptions()
    _modules()


def _statements() -> None:
    kept: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    Engine._compiled_cache = property(lambda _: kept, lambda _, __: None)  # type: ignore[assignment]
    # A compiled statement is found by its dialect too.
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]


def _routes() -> None:
    work_out = routing._EffectiveRouteContext.from_api_route
    kept: dict[int, tuple[Any, Any]] = {}  # the route too, so that no other is ever at its place

    def once(*, original_route: Any, include_context: Any) -> Any:
        found = kept.get(id(original_route))
        if found is None:
            made = work_out(original_route=original_route, include_context=include_context)
            found = kept[id(original_route)] = (original_route, made)
        return found[1]

    routing._EffectiveRouteContext.from_api_route = once  # type: ignore[method-assign]


def _descriptions() -> None:
    describe = door.get_openapi
    kept: dict[tuple[Any, ...], tuple[Any, bytes]] = {}

    def once(*, title: str, routes: Any, **more: Any) -> Any:
        routers = [one.original_router for one in routes if hasattr(one, "original_router")]
        of = (title, *map(id, routers))
        if of not in kept:
            made = describe(title=title, routes=routes, **more)
            kept[of] = (routers, orjson.dumps(made))
        return orjson.loads(kept[of][1])  # a copy: the door completes it

    door.get_openapi = once


def _modules() -> None:
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode = False
    # The workers of pytest-xdist find what the process that starts them has made.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for room in ROOMS:
            compileall.compile_dir(ROOT / room, quiet=2)

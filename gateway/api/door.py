"""One door: an application of its own with problems for errors and its own OpenAPI description."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.api import problems
from gateway.api.context import Context
from gateway.api.problems import Problem


def build(
    context: Context,
    *,
    title: str,
    description: str,
    path: str,
    routers: Iterable[APIRouter],
    schemes: dict[str, Any] | None = None,
) -> FastAPI:
    """The application to mount at `path`. `schemes` are security schemes beside FastAPI's own."""
    app = FastAPI(
        title=title, description=description, version="1.0", docs_url=None, redoc_url=None
    )
    app.state.context = context
    problems.install(app)
    for router in routers:
        app.include_router(router)

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            api = get_openapi(
                title=title,
                version="1.0",
                openapi_version="3.1.0",
                description=description,
                routes=app.routes,
                servers=[{"url": path}],
            )
            components = api.setdefault("components", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts = problem.pop("$defs", {})
            components.setdefault("schemas", {}).update({"Problem": problem, **parts})
            components.setdefault("securitySchemes", {}).update(schemes or {})
            app.openapi_schema = api
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way
    return app

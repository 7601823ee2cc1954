"""Parameters nobody knows are refused, once it is known who calls.

`dryrun=true` is no dry run, and a push that was meant as one must not be taken.
"""

from fastapi import Request
from fastapi.exceptions import RequestValidationError

NAME_SHOWN = 64  # of a name that somebody made up


def known_only(request: Request) -> None:
    """Raise `RequestValidationError` if the query has a parameter that the route does not take."""
    path = request.scope["route"].path_format
    told = request.app.openapi()["paths"][path][request.method.lower()].get("parameters", [])
    known = {one["name"] for one in told if one["in"] == "query"}
    unknown = sorted({name[:NAME_SHOWN] for name in request.query_params if name not in known})
    if unknown:
        raise RequestValidationError(
            [{"loc": ("query", name), "type": "extra_forbidden"} for name in unknown]
        )

"""Parameters that many routes take; and those that none does, refused once it is known who calls.

`dryrun=true` is no dry run, and a push that was meant as one must not be taken. What is said twice,
in the query or in an object of a JSON body, could be read in two ways: as it was logged or judged on
its way here, and as we read it. A text with a NUL is none for PostgreSQL, and would be a fault of
ours there.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Path, Query, Request
from fastapi.exceptions import RequestValidationError

NAME_SHOWN = 64  # of a name that somebody made up

TEXT: Final = r"^[^\x00]*$"
"""Any text that both databases keep."""
PARTNER: Final = "^[a-z]{2}-[a-z]{1,20}$"
CODE: Final = "^MRX-[0-9]{4}$"
Partner = Annotated[str, Path(pattern=PARTNER)]
OnlyPartner = Annotated[str | None, Query(pattern=PARTNER, description="Only of this partner.")]


def unkept(text: str) -> bool:
    """Whether this text has a NUL. Half of a surrogate pair, which cannot be kept either, comes by
    no address (it is read as U+FFFD) and by no body (pydantic refuses it).
    """
    return "\0" in text


def texts_only(request: Request) -> None:
    """Raise `RequestValidationError` if a text of the address cannot be kept or looked for."""
    wrong = [("path", name) for name, text in request.path_params.items() if unkept(str(text))]
    wrong += [
        ("query", name)
        for name, text in request.query_params.multi_items()
        if unkept(name) or unkept(text)
    ]
    if wrong:
        raise RequestValidationError([{"loc": place, "type": "string_unicode"} for place in wrong])


def unambiguous(request: Request) -> None:
    """Raise `RequestValidationError` if the query has a parameter that the route does not take, or if
    it or a JSON body says anything twice, or the body is UTF-16 or UTF-32.

    To be called when FastAPI has read the body.
    """
    path = request.scope["route"].path_format
    told = request.app.openapi()["paths"][path][request.method.lower()].get("parameters", [])
    known = {one["name"] for one in told if one["in"] == "query"}
    unknown = sorted({name[:NAME_SHOWN] for name in request.query_params if name not in known})
    if unknown:
        raise RequestValidationError(
            [{"loc": ("query", name), "type": "extra_forbidden"} for name in unknown]
        )
    said = [name for name, _ in request.query_params.multi_items()]
    twice = [
        {"loc": ("query", name), "type": "said_twice"} for name in known if said.count(name) > 1
    ]
    if twice:
        raise RequestValidationError(twice)
    if request.scope["route"].body_field is not None:
        _once_only(vars(request).get("_body", b""))


def _once_only(body: bytes) -> None:
    """Look once more at a JSON body that FastAPI has read: of two equal keys it keeps the last, and it
    reads UTF-16 too, in which every body of ours has a NUL.
    """
    if b"\0" in body:
        raise RequestValidationError([{"loc": ("body",), "type": "not_utf_8"}])
    try:
        json.loads(body or b"null", object_pairs_hook=_unique)
    except _KeyTwice:
        raise RequestValidationError([{"loc": ("body",), "type": "key_twice"}]) from None
    except (ValueError, RecursionError):
        pass  # of another media type: it is no body of this route, which says so itself


class _KeyTwice(Exception):
    pass


def _unique(pairs: Sequence[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _KeyTwice

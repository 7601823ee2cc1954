"""Parameters that many routes take; and those that none does, refused once it is known who calls.

`dryrun=true` is no dry run, and a push that was meant as one must not be taken. A text with a NUL
is none for PostgreSQL, and would be a fault of ours there.
"""

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

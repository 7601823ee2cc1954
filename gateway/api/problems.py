"""Errors by HTTP: RFC 9457 problems with a stable code and no company data.

`status_of` is the one place where HTTP meets our errors; docs/problems.md lists it. What FastAPI
would answer by itself, which repeats the input, is replaced.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from gateway import log
from schemas.codes import CODES
from schemas.errors import MrxError, NotReady

MEDIA_TYPE = "application/problem+json"
# By the first two digits of a code: each answers who must act. `BY_CODE` has the exceptions.
BY_RANGE: Mapping[str, int] = {
    "10": 422,
    "11": 422,
    "12": 422,
    "21": 409,
    "22": 409,
    "23": 422,
    "30": 403,
    "40": 409,
    "50": 404,
    "70": 422,
    "90": 503,
    "99": 500,
}
BY_CODE: Mapping[str, int] = {
    "MRX-2301": 413,
    "MRX-3001": 413,
    "MRX-4012": 408,
    "MRX-5005": 409,
    "MRX-5010": 422,
    "MRX-5016": 409,
    "MRX-5021": 503,
    "MRX-5022": 409,
    "MRX-5061": 409,
    "MRX-5062": 422,
    "MRX-5066": 409,
    "MRX-5067": 422,
    "MRX-5068": 422,
    "MRX-5069": 422,
    "MRX-7001": 401,
    "MRX-7002": 403,
    "MRX-7004": 404,
    "MRX-7005": 405,
    "MRX-7006": 400,
    "MRX-7007": 409,
    "MRX-7008": 409,
    "MRX-7009": 415,
    "MRX-7010": 413,
    "MRX-7011": 401,
    "MRX-7012": 401,
    "MRX-7013": 409,
    "MRX-7014": 403,
    "MRX-7015": 409,
    "MRX-7016": 400,
    "MRX-7017": 403,
    "MRX-7018": 403,
    "MRX-7019": 401,
    "MRX-7020": 429,
    "MRX-7021": 403,
    "MRX-7022": 409,
    "MRX-7025": 403,
    "MRX-7026": 503,
    "MRX-7027": 401,
    "MRX-7028": 403,
    "MRX-7029": 403,
    "MRX-7030": 403,
    "MRX-7031": 409,
    "MRX-7032": 429,
    "MRX-7033": 401,
    "MRX-7034": 429,
    "MRX-7035": 429,
    "MRX-7036": 400,
}
# What to answer with when the framework below us says no. Its 400 is a body that is not JSON.
_PLAIN: Mapping[int, str] = {
    400: "MRX-7003",
    404: "MRX-7004",
    405: "MRX-7005",
    408: "MRX-4012",
    413: "MRX-7010",
}
RETRY_SECONDS = "5"
_NAME = re.compile(r"[a-z_][A-Za-z0-9_-]{0,63}")
# Kinds of faults whose message holds the rule and nothing of the value.
_TOLD = frozenset(
    {
        "enum",
        "greater_than_equal",
        "less_than_equal",
        "literal_error",
        "missing",
        "string_pattern_mismatch",
        "string_too_long",
        "string_too_short",
        "too_long",
        "too_short",
        "value_error",  # our own validators: see that they say no value
    }
)


class Fault(BaseModel):
    """One thing that is wrong, and where: a JSON pointer into the request, never its value."""

    pointer: str
    reason: str


class Problem(BaseModel):
    """An RFC 9457 problem. `type` ends in the code; `mrx explain CODE` tells more."""

    type: str
    code: str = Field(pattern=r"^MRX-[0-9]{4}$")
    title: str
    detail: str
    status: int
    errors: list[Fault] = []


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as problems, for a route's or a router's `responses`."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def of(error: MrxError, *, more: Mapping[str, object] | None = None) -> JSONResponse:
    """The answer to an error of ours; `more` are members of a problem of its own kind."""
    status = 503 if isinstance(error, NotReady) else status_of(error.code)
    # A code that HTTP should never meet (what became of an attempt, say) is a fault of ours.
    answer = _answer(status or 500, error.code, title=error.reason, more=more)
    answer.headers.update(retry_after(error, answer.status_code))
    return answer


def retry_after(error: MrxError, status: int) -> dict[str, str]:
    """When it is worth asking again, where that can be said (RFC 9110, 10.2.3)."""
    if status not in {429, 503}:
        return {}
    return {"Retry-After": str(error.facts.get("seconds", RETRY_SECONDS))}


def status_of(code: str) -> int | None:
    """The HTTP status this code is answered with; None for one that no call ever ends with."""
    return BY_CODE.get(code) or BY_RANGE.get(code[4:6])


def install(app: FastAPI, *, challenge: str = "Bearer") -> None:
    """Make every error of this application a problem. `challenge` says which credentials would do
    (RFC 9110, 11.6.1).
    """

    @app.exception_handler(MrxError)
    def ours(_request: Request, error: MrxError) -> JSONResponse:
        answer = of(error)
        if answer.status_code == 401:
            answer.headers["WWW-Authenticate"] = challenge
        return answer

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Never `input`, which is what was sent; and of messages only those made of the rule alone.
        faults = [
            Fault(pointer=_pointer(fault["loc"]), reason=_reason(fault)) for fault in error.errors()
        ]
        return _answer(422, "MRX-7003", faults=faults)

    @app.exception_handler(Exception)
    def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return _answer(500, "MRX-9999")  # the shield around us logs it

    @app.exception_handler(HTTPException)
    def plain(_request: Request, error: HTTPException) -> JSONResponse:
        code = _PLAIN.get(error.status_code, "MRX-7003")
        answer = _answer(status_of(code) or error.status_code, code)
        answer.headers.update(error.headers or {})
        return answer


def _reason(fault: Mapping[str, Any]) -> str:
    kind = str(fault["type"])
    words = kind.replace("_", " ")
    return f"{words}: {fault['msg']}" if kind in _TOLD and "msg" in fault else words


def _answer(
    status: int,
    code: str,
    *,
    title: str | None = None,
    faults: Sequence[Fault] = (),
    more: Mapping[str, object] | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"urn:mrx:problem:{code}",
        code=code,
        title=title or CODES[code].title,
        detail=CODES[code].repair,
        status=status,
        errors=list(faults),
    )
    log.told(code=code)
    headers = {}
    if status == 503:
        headers["Retry-After"] = RETRY_SECONDS
    return JSONResponse(
        problem.model_dump() | dict(more or {}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _pointer(place: Sequence[int | str]) -> str:
    return "".join(f"/{_part(part)}" for part in place)


def _part(part: int | str) -> str:
    """A place in a list, or a name. What looks like no name of a field may be anything, a company's
    even, and is not repeated.
    """
    return str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "*"

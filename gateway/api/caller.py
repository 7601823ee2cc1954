"""Who calls with a token, and whether its scopes cover the call.

A route names the scope it asks for:

    def outcomes(here: Here, caller: Annotated[Caller, holding(Scope.READ)]) -> ...
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway import log, tokens
from gateway.api import rates
from gateway.api.context import Context, Here
from gateway.api.parameters import unambiguous
from gateway.tokens import Scope, Token
from schemas.errors import BadRequest

bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token made by `mrx token create`."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A proved token."""

    token: str
    scopes: frozenset[Scope]

    @property
    def by(self) -> str:
        """What the ledger names."""
        return f"token {self.token}"


def known(request: Request, here: Context, given: HTTPAuthorizationCredentials | None) -> Token:
    """The token that was given, or `BadRequest` MRX-7001; MRX-7034 and MRX-7035 if it asks, or
    others from there guess, too often (`rates`).
    """
    claim = None if given is None else rates.claim("token", given.credentials)
    if len(request.headers.getlist("authorization")) > 1:
        raise BadRequest("MRX-7001")  # a proxy may have believed the other one
    if given is not None:
        here.rates.look(request, claim)
    with here.house.database.read() as tx:
        token = (
            None if given is None else tokens.proved(tx, given.credentials, now=datetime.now(UTC))
        )
    if token is None:
        if given is not None:
            here.rates.wrong(request)
        raise BadRequest("MRX-7001")
    log.told(actor=f"token {token.id}", role=" ".join(sorted(token.scopes)))  # who is limited, too
    here.rates.demand("token", token.id)
    here.rates.count("token", token.id, claim=claim)
    return token


def holding(*any_of: Scope) -> Any:
    """The dependency that gives the `Caller`, or raises `BadRequest` MRX-7001 or MRX-7002.

    The first scope stands in the door's OpenAPI description too. Where another one does as well,
    the route says so itself, with `openapi_extra=also(...)`: one list would ask for all of them.
    """
    named = " or ".join(scope.value for scope in any_of)

    def proved(
        request: Request,
        here: Here,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Caller:
        token = known(request, here, given)
        if token.scopes.isdisjoint(any_of):
            raise BadRequest("MRX-7002", scope=named)
        unambiguous(request)
        return Caller(token.id, token.scopes)

    return Security(proved, scopes=[any_of[0].value])


def also(scope: Scope) -> dict[str, Any]:
    """For a route's `openapi_extra`: a token with this scope does as well."""
    return {"security": [{"token": [scope.value]}]}

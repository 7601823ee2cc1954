"""Who acts at the operators' door: a token, with the rights of the roles its scopes are named after.

A route names the right it asks for:

    def pause(here: Here, actor: Runs) -> ...

`Acting` is the `Actor` that acts of `gateway.acts` take; its `caller` is what `once` takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials

from gateway.acts import permission
from gateway.api.caller import Caller, bearer, known
from gateway.api.context import Here
from gateway.api.parameters import texts_only, unambiguous
from gateway.identity.actor import Actor
from gateway.identity.roles import Right, Role, rights
from gateway.tokens import Scope
from schemas.errors import BadRequest

ROLES: Final[Mapping[Scope, frozenset[Role]]] = {
    **{Scope(role.value): frozenset({role}) for role in Role},
    # As tokens had it before there were roles.
    Scope.OPERATE: frozenset({Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.SECURITY_OFFICER}),
}


@dataclass(frozen=True, slots=True)
class Acting(Actor):
    """A proved token that has at least one role here."""

    caller: Caller


def acting(*any_of: Right) -> Any:
    """The dependency that gives the `Acting`, or raises `BadRequest`: MRX-7001 (no token), MRX-7002
    (none for this door), MRX-7017 (none of these rights; the ledger has it).
    """
    enough = [scope.value for scope, roles in ROLES.items() if not rights(roles).isdisjoint(any_of)]

    def proved(
        request: Request,
        here: Here,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Acting:
        token = known(request, here, given)
        roles = frozenset[Role]().union(*(ROLES.get(scope, ()) for scope in token.scopes))
        if not roles:
            raise BadRequest("MRX-7002", scope=" or ".join(enough))
        caller = Caller(token.id, token.scopes)
        actor = Acting(caller.by, rights(roles), caller)
        act = f"{request.method} {request.scope['route'].path_format}"
        if actor.rights.isdisjoint(any_of):
            permission.demand(here.house, actor, any_of[0], act=act, now=datetime.now(UTC))
        texts_only(request)
        unambiguous(request)
        return actor

    return Security(proved, scopes=enough)


Sees = Annotated[Acting, acting(Right.SEE)]
Runs = Annotated[Acting, acting(Right.RUN)]
Approves = Annotated[Acting, acting(Right.APPROVE)]
Looks = Annotated[Acting, acting(Right.SEE_COMPANIES)]
Exports = Annotated[Acting, acting(Right.EXPORT)]


def each_alone(api: dict[str, Any]) -> None:
    """Say in a description that one of the scopes is enough: a list of them would ask for all."""
    for operations in api["paths"].values():
        for operation in operations.values():
            if "security" in operation:
                operation["security"] = [
                    {name: [scope]}
                    for need in operation["security"]
                    for name, scopes in need.items()
                    for scope in scopes
                ]

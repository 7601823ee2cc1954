"""Acts on users: judged where they are done, the reason too."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.acts import users as acts
from gateway.identity import users
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.identity.users import User
from outbox.house import House
from schemas.errors import BadRequest
from tests import world
from tests.gateway.acts.entries import entries

ADA = Actor("ada", rights({Role.ADMIN}))
ACTS: list[Callable[..., Any]] = [acts.set_roles, acts.disable, acts.enable, acts.reset]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[House]:
    made, _ = world.connected(tmp_path_factory.mktemp("users"), key_files, (), server=None)
    with made.database.write() as tx:
        users.create(tx, "sam", {Role.VIEWER}, by="test", now=datetime.now(UTC))
    yield made
    made.database.close()


def sam(house: House) -> User:
    with house.database.read() as tx:
        return users.named(tx, "sam")


def roles_for(act: Callable[..., Any]) -> tuple[object, ...]:
    return ({Role.AUDITOR},) if act is acts.set_roles else ()


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
@pytest.mark.parametrize("act", ACTS)
def test_an_act_without_a_reason_is_not_done(house: House, act: Callable[..., Any], reason: str):
    before = sam(house)

    with pytest.raises(BadRequest, match="MRX-7023"):
        act(house, ADA, "sam", *roles_for(act), reason=reason, now=datetime.now(UTC))

    assert sam(house) == before


@pytest.mark.parametrize("act", ACTS)
def test_who_has_not_the_right_is_refused_before_the_reason_is_read(
    house: House, viewer: Actor, act: Callable[..., Any]
):
    before = len(entries(house, "act refused"))

    with pytest.raises(BadRequest, match="MRX-7017"):
        act(house, viewer, "sam", *roles_for(act), reason="", now=datetime.now(UTC))

    assert len(entries(house, "act refused")) == before + 1


@pytest.mark.parametrize("act", [acts.set_roles, acts.disable])
def test_ones_own_access_is_refused_before_the_reason_is_read(
    house: House, act: Callable[..., Any]
):
    with pytest.raises(BadRequest, match="MRX-7029"):
        act(house, ADA, "ada", *roles_for(act), reason="", now=datetime.now(UTC))

    assert entries(house, "act refused")[-1]["because"] == "their own"


def test_a_reason_is_kept_without_the_spaces_around_it(house: House):
    acts.disable(house, ADA, "sam", reason="  left the service ", now=datetime.now(UTC))

    assert entries(house, "user disabled")[-1]["reason"] == "left the service"

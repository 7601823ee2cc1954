"""After a restore whoever was let in before proves it anew, and what waited for a second person is refused."""

from pathlib import Path

from sqlalchemy import select

from gateway import tokens
from gateway.acts import approvals
from gateway.acts import restoring as acts
from gateway.identity import passwords, sessions, users
from gateway.identity.actor import at_the_shell
from gateway.identity.roles import Role
from schemas.tables import users as users_
from tests.gateway.backup.loss import back_up, restore
from tests.outbox.two_ends import MEXICO
from tests.world import World


def test_whoever_was_let_in_proves_it_anew(world: World, tmp_path: Path):
    with world.house.database.write() as tx:
        token = tokens.create(tx, "cbp", {tokens.Scope.PUSH}, by="t", now=world.clock())
        someone = users.create(
            tx, "ann", {Role.OPERATOR}, by="t", now=world.clock(), password="invented password"
        )
        cookie = sessions.begin(tx, someone, now=world.clock())
    asked = acts_of_two(world)
    file = back_up(world, tmp_path / "b.zip")

    done = restore(world, file)

    assert done.ended["tokens"] == done.ended["passwords"] == done.ended["sessions"] == 1
    with world.house.database.read() as tx:
        assert tokens.proved(tx, token, now=world.clock()) is None
        assert sessions.find(tx, cookie, now=world.clock()) is None
        kept = tx.scalar(select(users_.c.password).where(users_.c.name == "ann"))
        assert not passwords.holds("invented password", kept)
        assert approvals.get(tx, asked).state is approvals.State.REFUSED

    again = restore(world, file, keep_access=True)
    assert (again.ended["tokens"], again.ended["sessions"]) == (0, 1)
    with world.house.database.read() as tx:
        assert tokens.proved(tx, token, now=world.clock()) is not None


def acts_of_two(world: World) -> str:
    with world.house.database.write() as tx:
        return approvals.ask(
            tx, at_the_shell("ann"), acts.OPEN, partner=MEXICO, reason="any", now=world.clock()
        ).id

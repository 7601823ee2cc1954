"""Walks along the lanes: exchange, revocation, reissue, a partner that fetches."""

from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import select
from starlette.requests import Request

from gateway import inbound
from gateway.api.caller import Caller
from gateway.api.context import Context
from gateway.api.source import revocations as door
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import batch, handing_over, revocations, worker_name
from outbox.delivery import Delivery
from partners import agreements
from schemas.tables import disclosures, pending
from tests.gateway.api.doors import token
from tests.journeys.crash import after
from tests.journeys.crash.walk import MEXICO, Here, Walk, deliver
from tests.world import BYTES_MAX, LOST_ANSWER, member

ONE, TWO, THREE = (f"1000000{n}" for n in range(1, 4))


class OnLanes(Walk):
    """A walk whose end is what the partner holds, and what we know of it."""

    closed: ClassVar[bool] = False

    def look(self, here: Here) -> None:
        after.truthful(here)

    def state(self, here: Here) -> dict[str, Any]:
        deliver(here, closed=self.closed)
        after.whole(here)
        with here.house.database.read() as tx:
            sent = [(one.lane, one.number, one.state.value) for one in batch.every(tx)]
            waiting = tx.execute(select(pending.c.account, pending.c.blocked)).all()
            gone = select(disclosures.c.account).where(disclosures.c.gone_at.is_not(None))
            asked = [
                (one.account, one.answer.value)
                for account in (ONE, TWO, THREE)
                for one in revocations.of(tx, account)
            ]
            return {
                "held": here.held(MEXICO),
                "sent": sorted(sent),
                "waiting": sorted(map(tuple, waiting), key=repr),
                "gone": sorted(tx.scalars(gone)),
                "revoked": asked,
            }


def _worse(here: Here) -> None:
    """TWO is suspended, as of a moment that does not change when it is said again."""
    here.push(member(TWO, status="SUSPENDED"), as_of=here.base + timedelta(minutes=1))


class Exchange(OnLanes):
    """Two are told, and the first answer is lost; then bad news of one of them."""

    plan = (LOST_ANSWER,)
    steps = (deliver, _worse, deliver)

    def begin(self, made: Here) -> None:
        made.push(member(ONE), member(TWO))
        made.grant(ONE, TWO)


def _telephone(here: Here) -> None:
    """ONE takes its consent back, by the door of the source; said again, under the same key."""
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    with here.house.database.read() as tx:
        [caller] = tx.exec_driver_sql("SELECT id FROM tokens").scalars()
    door.revoke(
        Request(scope),
        ONE,
        MEXICO,
        Context(here.house, Settings(home=here.house.folder)),
        Caller(caller, frozenset({Scope.REVOKE})),
        None,
        "the same key",
    )


class Revoke(OnLanes):
    """One consent is taken back at the door, another one by the feed; both are held."""

    def begin(self, made: Here) -> None:
        made.push(member(ONE), member(TWO), member(THREE))
        made.grant(ONE, TWO, THREE)
        token(made.house, Scope.REVOKE)
        deliver(made)

    steps = (_telephone, deliver, lambda here: after.fed(here, TWO), deliver)


class Reissue(OnLanes):
    """A batch whose answer was lost has become stale: the same number again, without the member."""

    steps = (deliver,)

    def begin(self, made: Here) -> None:
        made.push(member(ONE), member(TWO))
        made.grant(ONE, TWO)
        made.wire.plan = [LOST_ANSWER]
        worker = f"{worker_name.own()}/test"
        clock = made.clock
        Delivery(house=made.house, transport=made.wire, worker=worker, clock=clock).work()
        assert made.states() == ["unknown"]
        made.revoke(ONE, of=MEXICO)


def _fetch(here: Here) -> None:
    """Mexico comes until nothing is left, and brings each receipt."""
    mexico = here.partners[MEXICO]
    by = f"{worker_name.own()}/test"
    while handed := handing_over.next_batch(here.house, MEXICO, worker=by, clock=here.clock):
        assert isinstance(handed, handing_over.Handed), "nobody else works the lane"
        here.wire.journal.append((MEXICO, handed.file))
        receipt = inbound.take(mexico, handed.file, bytes_max=BYTES_MAX, now=here.clock())
        inbound.take_receipt(here.house, receipt, bytes_max=BYTES_MAX, now=here.clock())


class Fetched(OnLanes):
    """A partner that fetches: an announcement and a withdrawal wait for it."""

    steps = (_fetch,)

    def begin(self, made: Here) -> None:
        made.push(member(ONE), member(TWO))
        made.grant(ONE, TWO)
        deliver(made)
        with made.house.database.write() as tx:
            agreements.change(tx, MEXICO, push_url=None)
        made.revoke(TWO, of=MEXICO)
        made.push(member(THREE))
        made.grant(THREE)

    def state(self, here: Here) -> dict[str, Any]:
        _fetch(here)
        return super().state(here)

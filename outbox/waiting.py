"""Rows of the queue, some thousands by their keys, as far as they still wait in a lane.

Found by the whole key, however much waits in the lane besides. The conditions on the lane are
therefore written so that no index answers them: PostgreSQL, which knows nothing of a table that
has just been filled, took a lane's own index for a row or two, read 10,000 of them and compared
each with 5,000 accounts, for a minute.
"""

from sqlalchemy import and_, bindparam, func

from outbox.withdrawals import ANNOUNCE
from schemas import bulk
from schemas.narrowing import filtered
from schemas.tables import pending

_MINE = and_(
    filtered(pending.c.partner) == bindparam("whose"), bulk.one_of(pending.c.account, "accounts")
)
_STILL = and_(
    pending.c.lane_id + 0 == bindparam("lane"),
    func.coalesce(pending.c.batch_id, 0) == 0,
    func.coalesce(pending.c.blocked, "") == "",
)
# Parameters: `whose` partner, the `lane`, `accounts`; and for withdrawals their `refs`.
ANNOUNCING = and_(_MINE, pending.c.ref == ANNOUNCE, _STILL)
WITHDRAWING = and_(_MINE, bulk.one_of(pending.c.ref, "refs"), _STILL)

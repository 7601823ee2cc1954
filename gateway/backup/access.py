"""What of a copy must not count again: who was let in, and what waited for a word.

Between the backup and the loss a token may have been revoked, a password changed, a user disabled, an
act approved and done. The copy knows none of it, so everybody proves anew who they are, and whoever
asked for something asks again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, update

from gateway.identity import passwords
from schemas.tables import (
    approvals,
    pushes,
    replays,
    sessions,
    staged_certificates,
    tokens,
    tries,
    users,
)

BY: Final = "mrx restore"


def end(tx: Connection, *, keep: bool, now: datetime) -> Mapping[str, int]:
    """End it, and say how much of each there was. With `keep`, tokens and passwords stay as they
    were in the copy: for a drill, or where it is known that none was taken back since.
    """
    ended = {
        "sessions": tx.execute(delete(sessions)).rowcount,
        "approvals": _close_approvals(tx, now),
        "replays": _close_replays(tx, now),
        "pushes": _close_pushes(tx, now),
        "staged_certificates": tx.execute(delete(staged_certificates)).rowcount,
        "tokens": 0,
        "passwords": 0,
    }
    tx.execute(delete(tries))
    if not keep:
        ended["tokens"] = tx.execute(
            update(tokens)
            .where(tokens.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_by=BY)
        ).rowcount
        # One that nobody knows, so that `mrx user reset` gives the next.
        nobodys = passwords.kept(passwords.one_time())
        ended["passwords"] = tx.execute(
            update(users)
            .where(users.c.password.is_not(None))
            .values(password=nobodys, one_time=True, failures=0, locked_until=None)
        ).rowcount
    return ended


def _close_approvals(tx: Connection, now: datetime) -> int:
    over = {"state": "refused", "decided_by": BY, "decided_at": now, "decision": "restored"}
    return tx.execute(update(approvals).where(approvals.c.state == "waiting").values(over)).rowcount


def _close_replays(tx: Connection, now: datetime) -> int:
    over = {"state": "cancelled", "ended_at": now, "ended_by": BY}
    going = replays.c.state.in_(["waiting", "running"])
    return tx.execute(update(replays).where(going).values(over)).rowcount


def _close_pushes(tx: Connection, now: datetime) -> int:
    """Their bodies lay in the lost home folder."""
    over = {"state": "interrupted", "finished_at": now, "file": None}
    going = pushes.c.state.in_(["waiting", "running"])
    return tx.execute(update(pushes).where(going).values(over)).rowcount

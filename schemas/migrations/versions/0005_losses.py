"""the times in which members had lost their benefits.

They could always be read from the ledger and from the receipts; with years of both that takes too
long for a page. What was kept until now is read once, here, in the order of the ledger.

And where wrong passwords came from (`tries`), and an index of the few batches that were refused.
"""

from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

import schemas.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GOOD = ("EXCEEDING", "VALIDATED", "CERTIFIED")


def upgrade() -> None:
    losses = op.create_table(
        "losses",
        sa.Column("ref", schemas.tables.Words, nullable=False),
        sa.Column("n", schemas.tables.Big, nullable=False),
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("account", schemas.tables.Words, nullable=False),
        sa.Column("told_at", schemas.tables.Moment(), nullable=False),
        sa.Column("cause", schemas.tables.Words, nullable=False),
        sa.Column("grounds", schemas.tables.Json(), nullable=False),
        sa.Column("since", schemas.tables.Moment(), nullable=False),
        sa.Column("until", schemas.tables.Moment(), nullable=True),
        sa.Column("best", schemas.tables.Big, nullable=False),
        sa.Column("good_version", schemas.tables.Big, nullable=False),
        sa.Column("may_hold", schemas.tables.Flag(), nullable=False),
        sa.Column("ended_at", schemas.tables.Moment(), nullable=True),
        sa.Column("listed_until", schemas.tables.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("ref", "n"),
        sqlite_strict=True,
    )
    fill(op.get_bind(), losses)
    with op.batch_alter_table("losses", schema=None) as batch_op:
        batch_op.create_index("losses_ended", ["ended_at", "since"], unique=False)
        batch_op.create_index(
            "losses_listed",
            ["account"],
            unique=False,
            sqlite_where=sa.text("listed_until IS NULL"),
            postgresql_where=sa.text("listed_until IS NULL"),
        )
        batch_op.create_index(
            "losses_open",
            ["partner", "ref"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "losses_since",
            [
                "since",
                "partner",
                "ended_at",
                "listed_until",
                "may_hold",
                "cause",
                "account",
                "told_at",
                "n",
            ],
            unique=False,
        )

    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(
            "batches_refused",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'refused'"),
            postgresql_where=sa.text("state = 'refused'"),
        )

    op.create_table(
        "tries",
        sa.Column("user", schemas.tables.Words, nullable=False),
        sa.Column("source", schemas.tables.Words, nullable=False),
        sa.Column("failures", schemas.tables.Big, nullable=False),
        sa.Column("at", schemas.tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"]),
        sa.PrimaryKeyConstraint("user", "source"),
        sqlite_strict=True,
    )


def fill(tx: sa.Connection, losses: sa.Table) -> None:
    """What the ledger knows, into the table, which is empty."""
    ledger = schemas.tables.ledger.c
    lives: dict[str, list[dict[str, Any]]] = {}
    entries = (
        sa.select(ledger.at, ledger.kind, ledger.partner, ledger.subject, ledger.entry)
        .where(ledger.kind.in_(("standing", "revoked")))
        .order_by(ledger.position)
    )
    for at, kind, partner, subject, text in tx.execute(entries):
        entry = orjson.loads(text)
        words = (
            [(partner, subject, "revoked", *life) for life in entry.get("lives", ())]
            if kind == "revoked"
            else [
                (whose, account, word, *life)
                for account, word, known in entry["turned"]
                for whose, *life in known
            ]
        )
        for whose, account, word, ref, version, may_hold in words:
            whom = {"ref": ref, "partner": whose, "account": account, "told_at": at}
            _hear(lives.setdefault(ref, []), whom, word, version, may_hold=may_hold, at=at)
    if lives:
        tx.execute(sa.insert(losses), [row for life in lives.values() for row in life])
        for statement in _KNOWN:
            tx.execute(sa.text(statement))


def _hear(
    life: list[dict[str, Any]],
    whom: dict[str, Any],
    word: str,
    version: int,
    *,
    may_hold: bool,
    at: datetime,
) -> None:
    last: dict[str, Any]
    last = life[-1] if life else {"grounds": [], "until": at, "best": 0, "good_version": 0}
    good, ground = word in GOOD, word if word in ("absent", "revoked") else "status"
    if not good and last["until"] is not None:
        best = version if version > last["good_version"] else last["best"]
        lasts = {"n": len(life) + 1, "cause": word.lower(), "grounds": [ground], "since": at}
        told = {"best": best, "good_version": last["good_version"], "may_hold": may_hold}
        life.append({**whom, **lasts, **told, "until": None})
    elif not good:
        last["grounds"] = sorted({*last["grounds"], ground})
    elif not life:
        over = {"n": 1, "cause": "told so", "grounds": [], "since": at, "until": at}
        life.append({**whom, **over, "best": 0, "good_version": version, "may_hold": False})
    else:
        last["grounds"] = [one for one in last["grounds"] if one != "status"]
        last["good_version"] = version
        if last["until"] is None and not last["grounds"]:
            last["until"] = at


# What else is known of these lives: when they began, and what ended each time.
_BEGAN = "(SELECT d.told_at FROM disclosures d WHERE d.ref = losses.ref)"
_ENDED = """
UPDATE losses SET ended_at = (SELECT min(at) FROM (
  SELECT losses.until AS at
  UNION ALL
  SELECT min(b.closed_at) FROM batch_notices n JOIN batches b ON b.id = n.batch_id
  WHERE n.ref = losses.ref AND n.kind = 'announcement' AND n.outcome = 'held'
    AND n.version > losses.best
  UNION ALL
  SELECT d.gone_at FROM disclosures d WHERE d.ref = losses.ref) ends)
"""
_LISTED = """
UPDATE losses SET listed_until = (SELECT min(at) FROM (
  SELECT losses.until AS at
  UNION ALL
  SELECT min(d.told_at) FROM disclosures d
  WHERE d.account = losses.account AND d.partner = losses.partner AND d.told_at > losses.since) ends)
"""
_KNOWN = (
    "DELETE FROM losses WHERE NOT EXISTS (SELECT 1 FROM disclosures d WHERE d.ref = losses.ref)",
    f"UPDATE losses SET told_at = {_BEGAN}",
    "UPDATE losses SET since = told_at WHERE cause = 'told so'",
    _ENDED,
    _LISTED,
    "UPDATE losses SET ended_at = until, listed_until = until WHERE cause = 'told so'",
)

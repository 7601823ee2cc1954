"""both doors.

The number of a batch counts in an epoch of its lane, so `batches` gets the epoch, and a new unique
key. SQLite can only make that table anew, for which the caller turns foreign keys off
(`Database.migrate`); the database checks them all again before it commits.

What one side holds of the other is summed up from now on. What was held before is not: the
canonical form of the four items changes here, so the first `mrx reconcile` tells each record again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import schemas.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "foreign_identifiers",
        sa.Column("programme", schemas.tables.Words, nullable=False),
        sa.Column("ref", schemas.tables.Words, nullable=False),
        sa.Column("scheme", schemas.tables.Words, nullable=False),
        sa.Column("value", schemas.tables.Words, nullable=False),
        sa.Column("source", schemas.tables.Words, nullable=False),
        sa.Column("from_on", schemas.tables.Day(), nullable=True),
        sa.Column("until_on", schemas.tables.Day(), nullable=True),
        sa.Column("added_at", schemas.tables.Moment(), nullable=False),
        sa.Column("added_by", schemas.tables.Words, nullable=True),
        sa.PrimaryKeyConstraint("programme", "ref", "scheme", "value", "source"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("foreign_identifiers", schema=None) as batch_op:
        batch_op.create_index("foreign_identifiers_value", ["scheme", "value"], unique=False)

    op.create_table(
        "inbound_named",
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("kind", schemas.tables.Words, nullable=False),
        sa.Column("epoch", schemas.tables.Words, nullable=False),
        sa.Column("number", schemas.tables.Big, nullable=False),
        sa.Column("issue", schemas.tables.Big, nullable=False),
        sa.Column("ref", schemas.tables.Words, nullable=False),
        sa.Column("withdrawn", schemas.tables.Flag(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "kind", "epoch", "number", "issue", "ref"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("inbound_named", schema=None) as batch_op:
        batch_op.create_index("inbound_named_ref", ["partner", "ref"], unique=False)

    op.create_table(
        "foreign_rolls",
        sa.Column("programme", schemas.tables.Words, nullable=False),
        sa.Column("size", schemas.tables.Big, nullable=False),
        sa.Column("as_of", schemas.tables.Moment(), nullable=True),
        sa.Column("heard_at", schemas.tables.Moment(), nullable=True),
        sa.Column("baseline", schemas.tables.Big, nullable=False),
        sa.Column("baseline_at", schemas.tables.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("programme"),
        sqlite_strict=True,
    )
    op.create_table(
        "holdings",
        sa.Column("programme", schemas.tables.Words, nullable=False),
        sa.Column("side", schemas.tables.Words, nullable=False),
        sa.Column("bucket", schemas.tables.Big, nullable=False),
        sa.Column("sum", sa.LargeBinary(), nullable=False),
        sa.Column("size", schemas.tables.Big, nullable=False),
        sa.PrimaryKeyConstraint("programme", "side", "bucket"),
        sqlite_strict=True,
    )
    op.create_table(
        "holdings_checks",
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("at", schemas.tables.Moment(), nullable=False),
        sa.Column("agree", schemas.tables.Flag(), nullable=False),
        sa.Column("expected_count", schemas.tables.Big, nullable=False),
        sa.Column("expected_digest", schemas.tables.Words, nullable=False),
        sa.Column("held_count", schemas.tables.Big, nullable=True),
        sa.Column("held_digest", schemas.tables.Words, nullable=False),
        sa.PrimaryKeyConstraint("partner"),
        sqlite_strict=True,
    )
    op.create_table(
        "member_identifiers",
        sa.Column("scheme", schemas.tables.Words, nullable=False),
        sa.Column("value", schemas.tables.Words, nullable=False),
        sa.Column("account", schemas.tables.Words, nullable=False),
        sa.PrimaryKeyConstraint("scheme", "value", "account"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("member_identifiers", schema=None) as batch_op:
        batch_op.create_index("member_identifiers_account", ["account"], unique=False)

    op.create_table(
        "nonces",
        sa.Column("certificate", schemas.tables.Words, nullable=False),
        sa.Column("nonce", schemas.tables.Words, nullable=False),
        sa.Column("at", schemas.tables.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("certificate", "nonce"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("nonces", schema=None) as batch_op:
        batch_op.create_index("nonces_at", ["at"], unique=False)

    op.create_table(
        "outcomes",
        sa.Column("position", schemas.tables.Big, autoincrement=False, nullable=False),
        sa.Column("at", schemas.tables.Moment(), nullable=False),
        sa.Column("kind", schemas.tables.Words, nullable=False),
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("account", schemas.tables.Words, nullable=False),
        sa.Column("ref", schemas.tables.Words, nullable=True),
        sa.Column("version", schemas.tables.Big, nullable=True),
        sa.Column("code", schemas.tables.Words, nullable=True),
        sa.Column("partner_code", schemas.tables.Words, nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sqlite_strict=True,
    )
    op.create_table(
        "staged_certificates",
        sa.Column("fingerprint", schemas.tables.Words, nullable=False),
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("pem", schemas.tables.Words, nullable=False),
        sa.Column("not_before", schemas.tables.Moment(), nullable=False),
        sa.Column("not_after", schemas.tables.Moment(), nullable=False),
        sa.Column("staged_at", schemas.tables.Moment(), nullable=False),
        sa.Column("staged_under", schemas.tables.Words, nullable=False),
        sa.Column("approved_by", schemas.tables.Words, nullable=True),
        sa.Column("approved_at", schemas.tables.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint"),
        sqlite_strict=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", schemas.tables.Words, nullable=False),
        sa.Column("name", schemas.tables.Words, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", schemas.tables.Json(), nullable=False),
        sa.Column("created_at", schemas.tables.Moment(), nullable=False),
        sa.Column("created_by", schemas.tables.Words, nullable=False),
        sa.Column("expires_at", schemas.tables.Moment(), nullable=True),
        sa.Column("revoked_at", schemas.tables.Moment(), nullable=True),
        sa.Column("revoked_by", schemas.tables.Words, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("token", schemas.tables.Words, nullable=False),
        sa.Column("key", schemas.tables.Words, nullable=False),
        sa.Column("request", schemas.tables.Words, nullable=False),
        sa.Column("at", schemas.tables.Moment(), nullable=False),
        sa.Column("status", schemas.tables.Big, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"]),
        sa.PrimaryKeyConstraint("token", "key"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index("idempotency_keys_at", ["at"], unique=False)

    op.create_table(
        "pushes",
        sa.Column("id", schemas.tables.Words, nullable=False),
        sa.Column("token", schemas.tables.Words, nullable=False),
        sa.Column("kind", schemas.tables.Words, nullable=False),
        sa.Column("format", schemas.tables.Words, nullable=False),
        sa.Column("mode", schemas.tables.Words, nullable=False),
        sa.Column("dry_run", schemas.tables.Flag(), nullable=False),
        sa.Column("as_of", schemas.tables.Moment(), nullable=False),
        sa.Column("state", schemas.tables.Words, nullable=False),
        sa.Column("bytes", schemas.tables.Big, nullable=False),
        sa.Column("digest", schemas.tables.Words, nullable=False),
        sa.Column("file", schemas.tables.Words, nullable=True),
        sa.Column("received_at", schemas.tables.Moment(), nullable=False),
        sa.Column("finished_at", schemas.tables.Moment(), nullable=True),
        sa.Column("report", schemas.tables.Json(), nullable=True),
        sa.Column("approved_by", schemas.tables.Words, nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'waiting', 'interrupted', 'discarded')", name="push_state"
        ),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pushes_token"), ["token"], unique=False)

    op.create_table(
        "push_rejections",
        sa.Column("push", schemas.tables.Words, nullable=False),
        sa.Column("n", schemas.tables.Big, nullable=False),
        sa.Column("line", schemas.tables.Big, nullable=False),
        sa.Column("account", schemas.tables.Words, nullable=True),
        sa.Column("code", schemas.tables.Words, nullable=False),
        sa.ForeignKeyConstraint(["push"], ["pushes.id"]),
        sa.PrimaryKeyConstraint("push", "n"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("agreements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pull_url", schemas.tables.Words, nullable=True))
        batch_op.add_column(sa.Column("coverage", schemas.tables.Json(), nullable=True))
        batch_op.add_column(
            sa.Column("quarantine_percent", schemas.tables.Big, server_default="20", nullable=False)
        )
        batch_op.add_column(
            sa.Column("rhythm_hours", schemas.tables.Big, server_default="744", nullable=False)
        )

    _number_batches_by_epoch()
    with op.batch_alter_table("batch_notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("items_digest", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("disclosures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_digest", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("foreign_members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("category", schemas.tables.Words, nullable=True))
        batch_op.add_column(
            sa.Column("covered", schemas.tables.Flag(), server_default="1", nullable=False)
        )
        batch_op.add_column(
            sa.Column("quarantined", schemas.tables.Flag(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("leaf", sa.LargeBinary(), nullable=True))
        batch_op.add_column(
            sa.Column("change", schemas.tables.Big, server_default="0", nullable=False)
        )
        batch_op.create_index("foreign_members_change", ["change"], unique=False)

    with op.batch_alter_table("home", schema=None) as batch_op:
        batch_op.add_column(sa.Column("members_as_of", schemas.tables.Moment(), nullable=True))

    with op.batch_alter_table("inbound_batches", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("state", schemas.tables.Words, server_default="applied", nullable=False)
        )
        batch_op.add_column(
            sa.Column("announced", schemas.tables.Big, server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("withdrawn", schemas.tables.Big, server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("decided_by", schemas.tables.Words, nullable=True))
        batch_op.add_column(sa.Column("decided_at", schemas.tables.Moment(), nullable=True))
        batch_op.add_column(sa.Column("reason", schemas.tables.Words, nullable=True))
        batch_op.add_column(
            sa.Column("owed", schemas.tables.Flag(), server_default="0", nullable=False)
        )
        batch_op.create_index(
            "inbound_owed",
            ["partner"],
            unique=False,
            sqlite_where=sa.text("owed = 1"),
            postgresql_where=sa.text("owed = 1"),
        )
        batch_op.create_index(
            "inbound_quarantined",
            ["partner"],
            unique=False,
            sqlite_where=sa.text("state = 'quarantined'"),
            postgresql_where=sa.text("state = 'quarantined'"),
        )

    with op.batch_alter_table("own_keys", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("state", schemas.tables.Words, server_default="current", nullable=False)
        )

    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("epoch", schemas.tables.Words, server_default="", nullable=False)
        )
        batch_op.drop_index(batch_op.f("receipts_batch"))
        batch_op.create_index("receipts_batch", ["lane_id", "epoch", "number"], unique=False)

    _fill()


def _number_batches_by_epoch() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("batches", sa.Column("epoch", schemas.tables.Words))
        op.execute(
            "UPDATE batches SET epoch = (SELECT epoch FROM lanes WHERE lanes.id = batches.lane_id)"
        )
        op.alter_column("batches", "epoch", nullable=False)
        op.drop_constraint("batches_lane_id_number_key", "batches")
        op.create_unique_constraint(None, "batches", ["lane_id", "epoch", "number"])
        return
    moment = schemas.tables.Moment
    old: list[sa.Column[Any]] = [
        sa.Column("id", schemas.tables.Big, primary_key=True),
        sa.Column("lane_id", schemas.tables.Big, sa.ForeignKey("lanes.id"), nullable=False),
        sa.Column("number", schemas.tables.Big, nullable=False),
        sa.Column("issue", schemas.tables.Big, nullable=False),
        sa.Column("state", schemas.tables.Words, nullable=False),
        sa.Column("stale", schemas.tables.Flag(), nullable=False),
        sa.Column("fence", schemas.tables.Big, nullable=False),
        sa.Column("revision", schemas.tables.Big, nullable=False),
        sa.Column("digest", schemas.tables.Words, nullable=False),
        sa.Column("previous_digest", schemas.tables.Words),
        sa.Column("announcements", schemas.tables.Big, nullable=False),
        sa.Column("withdrawals", schemas.tables.Big, nullable=False),
        sa.Column("bytes", schemas.tables.Big, nullable=False),
        sa.Column("attempts", schemas.tables.Big, nullable=False),
        sa.Column("code", schemas.tables.Words),
        sa.Column("sealed_at", moment(), nullable=False),
        sa.Column("first_sent_at", moment(), nullable=False),
        sa.Column("closed_at", moment()),
    ]
    names = ", ".join(column.name for column in old)
    op.create_table(
        "batches_by_epoch",
        *old,
        sa.Column("epoch", schemas.tables.Words, nullable=False),
        sa.UniqueConstraint("lane_id", "epoch", "number"),
        sa.CheckConstraint(
            "state IN ('sealed', 'sending', 'unknown', 'received', 'settled', 'refused')",
            name="batch_state",
        ),
        sqlite_strict=True,
    )
    op.execute(  # the names stand right above
        f"INSERT INTO batches_by_epoch ({names}, epoch) SELECT {names}, "
        "(SELECT epoch FROM lanes WHERE lanes.id = batches.lane_id) FROM batches"
    )
    op.drop_table("batches")
    op.rename_table("batches_by_epoch", "batches")
    op.create_index(
        "batches_in_flight",
        "batches",
        ["lane_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('sealed', 'sending', 'unknown')"),
    )


def _fill() -> None:
    tx = op.get_bind()
    t = schemas.tables
    # As partners/programmes.toml seeds them; a gateway whose home is another has no such partner.
    covers = {"mx-neec": ["L", "transportista", "agente"], "tw-aeo": ["AEOS"]}
    for partner, words in covers.items():
        mine = t.agreements.c.partner == partner
        tx.execute(sa.update(t.agreements).where(mine).values(coverage=words))
    op.execute("UPDATE receipts SET epoch = (SELECT epoch FROM lanes WHERE lanes.id = lane_id)")
    known: Any
    for known in tx.execute(sa.select(t.members.c.account, t.members.c.identifiers)).all():
        for scheme, value in {tuple(pair) for pair in known.identifiers}:
            tx.execute(
                sa.insert(t.member_identifiers).values(
                    scheme=scheme, value=value, account=known.account
                )
            )
    f = t.foreign_members.c
    sizes: dict[str, int] = {}
    found = tx.execute(sa.select(f.programme, f.ref, f.identifiers, f.changed_at, f.gone_at)).all()
    for place, row in enumerate(found, 1):
        tx.execute(
            sa.update(t.foreign_members)
            .where(f.programme == row.programme, f.ref == row.ref)
            .values(change=place)
        )
        sizes[row.programme] = sizes.get(row.programme, 0) + (row.gone_at is None)
        for scheme, value in {tuple(pair) for pair in row.identifiers or ()}:
            tx.execute(
                sa.insert(t.foreign_identifiers).values(
                    programme=row.programme,
                    ref=row.ref,
                    scheme=scheme,
                    value=value,
                    source="partner",
                    from_on=row.changed_at.date(),
                    added_at=row.changed_at,
                )
            )
    for programme, size in sizes.items():
        tx.execute(sa.insert(t.foreign_rolls).values(programme=programme, size=size, baseline=size))

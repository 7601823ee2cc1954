"""who may act here.

Users, their sessions, what waits for a second person, and the indexes that the lists of the console
are read by. Agreements learn when people work over there.
"""

import sqlalchemy as sa
from alembic import op

import schemas.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", schemas.tables.Words, nullable=False),
        sa.Column("act", schemas.tables.Words, nullable=False),
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("subject", schemas.tables.Words, nullable=False),
        sa.Column("reason", schemas.tables.Words, nullable=False),
        sa.Column("asked_by", schemas.tables.Words, nullable=False),
        sa.Column("asked_at", schemas.tables.Moment(), nullable=False),
        sa.Column("state", schemas.tables.Words, nullable=False),
        sa.Column("decided_by", schemas.tables.Words, nullable=True),
        sa.Column("decided_at", schemas.tables.Moment(), nullable=True),
        sa.Column("decision", schemas.tables.Words, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'refused')", name="approval_state"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index("approvals_asked", ["asked_at"], unique=False)
        batch_op.create_index(
            "approvals_waiting",
            ["act", "partner", "subject"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "connection_tests",
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("at", schemas.tables.Moment(), nullable=False),
        sa.Column("by", schemas.tables.Words, nullable=False),
        sa.Column("findings", schemas.tables.Json(), nullable=False),
        sa.PrimaryKeyConstraint("partner"),
        sqlite_strict=True,
    )
    op.create_table(
        "onboarding",
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("step", schemas.tables.Words, nullable=False),
        sa.Column("done_at", schemas.tables.Moment(), nullable=False),
        sa.Column("done_by", schemas.tables.Words, nullable=False),
        sa.Column("evidence", schemas.tables.Words, nullable=False),
        sa.PrimaryKeyConstraint("partner", "step"),
        sqlite_strict=True,
    )
    op.create_table(
        "replays",
        sa.Column("id", schemas.tables.Words, nullable=False),
        sa.Column("partner", schemas.tables.Words, nullable=False),
        sa.Column("code", schemas.tables.Words, nullable=True),
        sa.Column("reason", schemas.tables.Words, nullable=False),
        sa.Column("asked_by", schemas.tables.Words, nullable=False),
        sa.Column("asked_at", schemas.tables.Moment(), nullable=False),
        sa.Column("state", schemas.tables.Words, nullable=False),
        sa.Column("matched", schemas.tables.Big, nullable=False),
        sa.Column("retold", schemas.tables.Big, nullable=False),
        sa.Column("skipped", schemas.tables.Json(), nullable=False),
        sa.Column("cursor", schemas.tables.Words, nullable=True),
        sa.Column("ended_at", schemas.tables.Moment(), nullable=True),
        sa.Column("ended_by", schemas.tables.Words, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'cancelled')", name="replay_state"
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("replays", schema=None) as batch_op:
        batch_op.create_index("replays_asked", ["asked_at"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", schemas.tables.Words, nullable=False),
        sa.Column("name", schemas.tables.Words, nullable=False),
        sa.Column("roles", schemas.tables.Json(), nullable=False),
        sa.Column("password", schemas.tables.Words, nullable=True),
        sa.Column("one_time", schemas.tables.Flag(), nullable=False),
        sa.Column("issuer", schemas.tables.Words, nullable=True),
        sa.Column("subject", schemas.tables.Words, nullable=True),
        sa.Column("failures", schemas.tables.Big, nullable=False),
        sa.Column("locked_until", schemas.tables.Moment(), nullable=True),
        sa.Column("created_at", schemas.tables.Moment(), nullable=False),
        sa.Column("created_by", schemas.tables.Words, nullable=False),
        sa.Column("disabled_at", schemas.tables.Moment(), nullable=True),
        sa.Column("disabled_by", schemas.tables.Words, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "subject"),
        sa.UniqueConstraint("name"),
        sqlite_strict=True,
    )
    op.create_table(
        "sessions",
        sa.Column("digest", schemas.tables.Words, nullable=False),
        sa.Column("user", schemas.tables.Words, nullable=False),
        sa.Column("began_at", schemas.tables.Moment(), nullable=False),
        sa.Column("seen_at", schemas.tables.Moment(), nullable=False),
        sa.Column("proved_at", schemas.tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user"), ["user"], unique=False)

    with op.batch_alter_table("agreements", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("time_zone", schemas.tables.Words, server_default="UTC", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "working_days", schemas.tables.Json(), server_default="[1,2,3,4,5]", nullable=False
            )
        )
        batch_op.add_column(
            sa.Column("holidays", schemas.tables.Json(), server_default="[]", nullable=False)
        )

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("attempts_began", ["began_at"], unique=False)

    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index("batches_closed", ["lane_id", "closed_at"], unique=False)
        batch_op.create_index("batches_of_lane", ["lane_id", "id"], unique=False)

    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ledger_kind", ["kind", "position"], unique=False)
        batch_op.create_index("ledger_partner", ["partner", "position"], unique=False)

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index("members_name", ["name"], unique=False)

    with op.batch_alter_table("pending", schema=None) as batch_op:
        batch_op.create_index(
            "pending_blocked",
            ["partner", "blocked"],
            unique=False,
            sqlite_where=sa.text("blocked IS NOT NULL"),
            postgresql_where=sa.text("blocked IS NOT NULL"),
        )

    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.create_index("pushes_received", ["received_at", "id"], unique=False)
        batch_op.create_index(
            "pushes_waiting",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )

    with op.batch_alter_table("revocations", schema=None) as batch_op:
        batch_op.create_index("revocations_at", ["at"], unique=False)
        batch_op.create_index(
            "revocations_open",
            ["partner", "due_at"],
            unique=False,
            sqlite_where=sa.text("confirmed_at IS NULL AND answer = 'withdrawal on its way'"),
            postgresql_where=sa.text("confirmed_at IS NULL AND answer = 'withdrawal on its way'"),
        )

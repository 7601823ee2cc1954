"""what is erased when its term is over: when it was, by which run, and how the next one finds it."""

import sqlalchemy as sa
from alembic import op

import schemas.tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MARKED = ("batch_files", "receipts", "disclosures", "inbound_batches")
OPEN_RUN = "state IN ('running', 'wiping')"
KEPT = "file IS NOT NULL"
INDICES = (
    ("batch_files_kept", "batch_files", ["sealed_at", "batch_id", "issue"], KEPT),
    ("receipts_kept", "receipts", ["received_at", "digest"], KEPT),
    (
        "inbound_kept",
        "inbound_batches",
        ["received_at", "partner", "kind", "epoch", "number", "issue"],
        KEPT,
    ),
    (
        "disclosures_gone",
        "disclosures",
        ["gone_at", "ref"],
        "gone_at IS NOT NULL AND erased_at IS NULL",
    ),
    ("members_absent", "members", ["changed_at", "account"], "present = 0"),
)


def upgrade() -> None:
    for table in MARKED:
        op.add_column(table, sa.Column("erased_at", schemas.tables.Moment(), nullable=True))
    op.create_table(
        "retention_runs",
        sa.Column("id", schemas.tables.Words, nullable=False),
        sa.Column("began_at", schemas.tables.Moment(), nullable=False),
        sa.Column("by", schemas.tables.Words, nullable=False),
        sa.Column("reason", schemas.tables.Words, nullable=False),
        sa.Column("state", schemas.tables.Words, nullable=False),
        sa.Column("before", schemas.tables.Json(), nullable=False),
        sa.Column("rule", schemas.tables.Words, nullable=True),
        sa.Column("cursor", schemas.tables.Json(), nullable=False),
        sa.Column("erased", schemas.tables.Json(), nullable=False),
        sa.Column("ended_at", schemas.tables.Moment(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'wiping', 'done')", name="retention_run_state"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("retention_runs_began", "retention_runs", ["began_at"], unique=False)
    op.create_index(
        "retention_runs_open",
        "retention_runs",
        ["state"],
        unique=True,
        sqlite_where=sa.text(OPEN_RUN),
        postgresql_where=sa.text(OPEN_RUN),
    )
    for name, table, columns, condition in INDICES:
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )

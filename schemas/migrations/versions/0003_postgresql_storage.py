"""how PostgreSQL keeps the tables that change most.

Room in each page: a row that changes and keeps its indexed columns then stays in its page, and no
index is written (https://www.postgresql.org/docs/15/storage-hot.html). Autovacuum by count: a
share of the table would let two lanes be two hundred dead rows, and a queue of a million hold two
hundred thousand. SQLite has neither.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROOM = {
    "lanes": 50,
    "ledger_head": 50,
    "holdings": 50,
    "batches": 70,
    "disclosures": 70,
    "batch_notices": 80,
    "members": 80,
}
VACUUM = {"lanes": 200, "ledger_head": 200, "holdings": 1_000, "batches": 1_000, "pending": 1_000}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, percent in ROOM.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")
    for table, rows in VACUUM.items():
        count = f"autovacuum_vacuum_threshold = {rows}, autovacuum_vacuum_scale_factor = 0"
        op.execute(f"ALTER TABLE {table} SET ({count})")

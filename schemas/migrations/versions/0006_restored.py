"""what a gateway knows of itself when it was restored from a backup.

Since when it is, which lanes have not been compared with their partners since, which rolls may lack
something, since when the source must say anew what was consented, and behind which places and
versions it goes on.
"""

import sqlalchemy as sa
from alembic import op

import schemas.tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns that may be empty are added in place: no table is made anew.
    op.add_column("home", sa.Column("restored_at", schemas.tables.Moment(), nullable=True))
    op.add_column("home", sa.Column("consents_owed_since", schemas.tables.Moment(), nullable=True))
    op.add_column(
        "home",
        sa.Column("places_from", schemas.tables.Big, server_default="0", nullable=False),
    )
    op.add_column(
        "home",
        sa.Column("versions_from", schemas.tables.Big, server_default="0", nullable=False),
    )
    op.add_column("lanes", sa.Column("restored_at", schemas.tables.Moment(), nullable=True))
    op.add_column("foreign_rolls", sa.Column("restored_at", schemas.tables.Moment(), nullable=True))

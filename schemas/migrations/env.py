"""How Alembic reaches the database: through the connection the caller hands over.

To write a migration after changing `schemas/tables.py`:

    mrx init                                       # a database at the newest schema
    alembic -x file=var/mrx.db revision --autogenerate -m "what changes"
"""

from alembic import context

from schemas.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    from pathlib import Path

    from schemas.sqlite import SQLiteFile

    file = Path(context.get_x_argument(as_dictionary=True)["file"])
    with SQLiteFile(file).write() as tx:
        context.configure(connection=tx, target_metadata=metadata, render_as_batch=True)
        context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()

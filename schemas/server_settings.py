"""How a PostgreSQL server is set up, as far as what we promise depends on it.

Read in a session of ours, so that what was set for this role or this database counts, and not what
stands in the server's file. Nothing here needs more than the right to connect.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_LOOK = text("""
    SELECT current_setting('server_version_num')::int AS version,
           current_setting('server_version') AS version_said,
           current_setting('server_encoding') AS encoding,
           current_setting('default_transaction_isolation') AS isolation,
           pg_is_in_recovery() AS standby,
           current_setting('default_transaction_read_only')::bool AS read_only,
           current_setting('fsync') AS fsync,
           current_setting('full_page_writes') AS full_page_writes,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true)::int, 0) AS connections_max,
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role,
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database,
           (SELECT count(*) FROM pg_stat_activity
             WHERE backend_type = 'client backend') AS connections_used
""")
_OLDEST = text("""
    SELECT max(clock_timestamp() - began) FROM (
        SELECT xact_start AS began FROM pg_stat_activity
         WHERE (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)
           AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        UNION ALL
        SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) AS open
""")
_NOW = text("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """`version` is PostgreSQL's number for it (150018 is 15.18), `connections_max` what we may
    have of them at most: the smallest of the server's, the role's and the database's limit.
    """

    version: int
    version_said: str
    encoding: str
    isolation: str
    standby: bool
    read_only: bool
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    connections_max: int
    connections_used: int


def look(tx: Connection) -> ServerSettings:
    """The settings that are in force in this session."""
    row = tx.execute(_LOOK).one()._asdict()
    # -1 is "no limit of its own".
    limits = (row["connections_max"], row.pop("of_role"), row.pop("of_database"))
    row["connections_max"] = min(limit for limit in limits if limit is not None and limit >= 0)
    return ServerSettings(**row)


def oldest(tx: Connection) -> timedelta | None:
    """For how long the oldest transaction that keeps dead rows alive has been open, of those this
    role may see: others' are hidden from a role without pg_read_all_stats.
    """
    age: timedelta | None = tx.scalar(_OLDEST)
    return age


def clock(tx: Connection) -> datetime:
    """The server's clock now, in UTC."""
    now: datetime = tx.execute(_NOW).scalar_one()
    return now

"""The groups of rows, in the order they are measured.

A group is a module with a `GROUP`; import it here and add it to `GROUPS`. Its `run` measures as
often as the size says, verifies what was done (`bench.row.check`), and gives its rows.
"""

from bench.rows.against import GROUP as AGAINST
from bench.rows.change import GROUP as CHANGE
from bench.rows.console import GROUP as CONSOLE
from bench.rows.exchanges import GROUP as EXCHANGES
from bench.rows.group import Group
from bench.rows.idle import GROUP as IDLE
from bench.rows.inbound import GROUP as INBOUND
from bench.rows.intake import GROUP as INTAKE
from bench.rows.mapping import GROUP as MAPPING
from bench.rows.outbound import GROUP as OUTBOUND
from bench.rows.recognised import GROUP as RECOGNISED
from bench.rows.revocation import GROUP as REVOCATION
from bench.rows.scaling import GROUP as SCALING

GROUPS: tuple[Group, ...] = (
    OUTBOUND,
    AGAINST,
    EXCHANGES,
    MAPPING,
    INBOUND,
    INTAKE,
    CHANGE,
    REVOCATION,
    RECOGNISED,
    CONSOLE,
    IDLE,
    SCALING,
)

__all__ = ("GROUPS", "Group")

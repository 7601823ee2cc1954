"""What a record of each kind is made of, and one record as it stood in the input.

What is not named here is dropped at the door and counted: exports of the source carry personal
columns, and what was never taken needs no protection (domain/ctpat.md section 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schemas.errors import BadRecord


class Entry(NamedTuple):
    """One line of JSON or row of CSV: its fields, or the fault for which it has none.

    `line` is the physical line on which it starts; `account` is what a faulty one says of its
    account, where that can be told; `dropped` counts the fields left out; `ended` is False where
    the input ended before the line did.
    """

    line: int
    fields: Mapping[str, object] | None
    fault: BadRecord | None
    account: object
    dropped: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind of record: its fields in JSON, its columns in CSV.

    `parts` names what may stand inside a field that is an object or a list of objects. With
    `once`, an account has one line in a file, and its status must be known.
    """

    fields: frozenset[str]
    parts: Mapping[str, frozenset[str]]
    columns_needed: tuple[str, ...]
    columns_optional: tuple[str, ...]
    once: bool

    def dropped(self, fields: Mapping[str, object]) -> int:
        """How many fields of a JSON record, and of its parts, are none of ours."""
        count = 0 if self.fields.issuperset(fields) else len(fields.keys() - self.fields)
        for name, known in self.parts.items():
            value = fields.get(name)
            for part in value if isinstance(value, list) else (value,):
                if isinstance(part, dict) and not known.issuperset(part):
                    count += len(part.keys() - known)
        return count


MEMBERS = Shape(
    fields=frozenset({"account", "name", "identifiers", "status", "member_since", "business_type"}),
    parts={"identifiers": frozenset({"scheme", "value"})},
    columns_needed=("account", "name", "identifiers", "status", "member_since"),
    columns_optional=("business_type",),
    once=True,
)

# A file that only takes consents back needs no officer and no text: it must not be turned away
# for want of their columns. A grant without them is rejected by its own line.
CONSENTS = Shape(
    fields=frozenset(
        {"account", "programme", "event", "at", "officer", "text_version", "evidence"}
    ),
    parts={"officer": frozenset({"title"})},
    columns_needed=("account", "programme", "event", "at"),
    columns_optional=("officer_title", "text_version", "evidence"),
    once=False,
)

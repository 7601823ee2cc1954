"""What one partner is told of one member: a reference, a version and the four items (P2).

A record is the only thing a mapper takes or gives. It cannot hold a fifth item: there is no
field for one.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from schemas import name as names
from schemas import ref as refs
from schemas.errors import BadRecord
from schemas.identifiers import Identifier
from schemas.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Valid by construction. `version` grows with every telling of the same ref; a receiver
    ignores an older one.
    """

    ref: str
    version: int
    name: str
    identifiers: tuple[Identifier, ...]
    status: Status
    member_since: date
    _digest: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not refs.is_ref(self.ref):
            raise BadRecord("MRX-2307", field="ref")
        if self.version < 1:
            raise BadRecord("MRX-2307", field="version")
        if names.parse(self.name) != self.name:
            raise BadRecord("MRX-2307", field="name")
        if len(set(self.identifiers)) != len(self.identifiers):
            raise BadRecord("MRX-2307", field="identifiers")

    @property
    def items_digest(self) -> bytes:
        """SHA-256 over the four items in their canonical form, computed once."""
        if self._digest is None:
            digest = items_digest(self.name, self.identifiers, self.status, self.member_since)
            object.__setattr__(self, "_digest", digest)
            return digest
        return self._digest


def items_digest(
    name: str, identifiers: tuple[Identifier, ...], status: Status, member_since: date
) -> bytes:
    r"""SHA-256 of the four items, a line each: the name, each identifier as `scheme value` in the
    order of its bytes, the status, the day. UTF-8, a line feed after each line. Both ends compute
    it, in whatever language: none of the items can hold a line feed.
    """
    numbers = sorted([f"{i.scheme} {i.value}" for i in identifiers])
    lines = [name, *numbers, status.value, str(member_since), ""]
    return hashlib.sha256("\n".join(lines).encode()).digest()

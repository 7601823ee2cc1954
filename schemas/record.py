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
        _check(self.ref, self.version, self.name, self.identifiers)

    @classmethod
    def heard(
        cls,
        ref: str,
        version: int,
        name: str,
        identifiers: tuple[Identifier, ...],
        status: Status,
        member_since: date,
    ) -> "Record":
        """What the constructor makes, in two thirds of its time; for thousands of a partner's
        records. Raises `BadRecord` as it does.
        """
        _check(ref, version, name, identifiers)
        return _made(ref, version, name, identifiers, status, member_since)

    @classmethod
    def kept(
        cls,
        *,
        ref: str,
        version: int,
        name: str,
        identifiers: tuple[Identifier, ...],
        status: Status,
        member_since: date,
    ) -> "Record":
        """A record of values from our own database, which were parsed when they were taken in.

        Nothing is parsed again, thousands of times a batch: what is told is held against the XSD
        and read back before it leaves (P6).
        """
        return _made(ref, version, name, identifiers, status, member_since)

    @property
    def items_digest(self) -> bytes:
        """SHA-256 over the four items in their canonical form, computed once."""
        if self._digest is None:
            digest = items_digest(self.name, self.identifiers, self.status, self.member_since)
            object.__setattr__(self, "_digest", digest)
            return digest
        return self._digest


def _check(ref: str, version: int, name: str, identifiers: tuple[Identifier, ...]) -> None:
    """Raise `BadRecord` MRX-2307 for what no record holds."""
    if not refs.is_ref(ref):
        raise BadRecord("MRX-2307", field="ref")
    if version < 1:
        raise BadRecord("MRX-2307", field="version")
    if names.parse(name) != name:
        raise BadRecord("MRX-2307", field="name")
    if len(identifiers) > 1 and len(set(identifiers)) != len(identifiers):
        raise BadRecord("MRX-2307", field="identifiers")


# The slots themselves: a frozen class fills them by name, which takes half as long again.
_put_ref, _put_version, _put_name, _put_identifiers, _put_status, _put_member_since, _put_digest = [
    vars(Record)[slot].__set__
    for slot in ("ref", "version", "name", "identifiers", "status", "member_since", "_digest")
]


def _made(
    ref: str,
    version: int,
    name: str,
    identifiers: tuple[Identifier, ...],
    status: Status,
    member_since: date,
) -> Record:
    """A record of what has been checked."""
    made = object.__new__(Record)
    _put_ref(made, ref)
    _put_version(made, version)
    _put_name(made, name)
    _put_identifiers(made, identifiers)
    _put_status(made, status)
    _put_member_since(made, member_since)
    _put_digest(made, None)
    return made


def items_digest(
    name: str, identifiers: tuple[Identifier, ...], status: Status, member_since: date
) -> bytes:
    r"""SHA-256 of the four items, a line each: the name, each identifier as `scheme value` in the
    order of its bytes, the status, the day. UTF-8, a line feed after each line. Both ends compute
    it, in whatever language. Of the items only a name can hold a line feed; there it counts as
    U+001F, which no name can hold, so that no two records read alike.
    """
    numbers = sorted([f"{i.scheme} {i.value}" for i in identifiers])
    lines = [name.replace("\n", "\x1f"), *numbers, status.value, str(member_since), ""]
    return hashlib.sha256("\n".join(lines).encode()).digest()

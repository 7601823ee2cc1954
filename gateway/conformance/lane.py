"""A lane of batches written by hand: in order unless a check says otherwise."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mappers.base import Mapper
from schemas import exchange
from schemas.batch import Header
from schemas.batch import Lane as Kind
from schemas.record import Record
from signing.keys import SigningKey
from signing.seal import seal

HOME = "us-ctpat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Who speaks to whom, in which tongue, under which consent text, signed by which key."""

    programme: str
    mapper: Mapper
    text: str
    key: SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One sealed batch, and what it says."""

    file: bytes
    content: bytes
    header: Header
    records: tuple[Record, ...]
    withdrawals: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.file).hexdigest()


class Lane:
    """A lane in a new epoch. `batch` writes the next number; `close` goes on to the one after."""

    def __init__(self, pair: Pair, kind: Kind = Kind.ROUTINE) -> None:
        self._pair = pair
        self._kind = kind
        self._epoch = secrets.token_hex(8)
        self._number = 1
        self._previous: str | None = None

    def batch(
        self,
        records: Sequence[Record] = (),
        withdrawals: Sequence[str] = (),
        *,
        key: SigningKey | None = None,
        spoil: tuple[bytes, bytes] | None = None,
        **header: object,
    ) -> Sent:
        """The next batch. `header` says otherwise what its header says; `spoil` replaces some
        bytes of the programme's document; `key` signs in place of ours.
        """
        pair, now = self._pair, datetime.now(UTC)
        head = Header(
            sender=HOME,
            recipient=pair.programme,
            lane=self._kind,
            epoch=self._epoch,
            number=self._number,
            issue=1,
            replaces=None,
            previous=self._previous,
            created=now.replace(microsecond=0),
            format=pair.mapper.FORMAT,
            agreement=f"{HOME}:{pair.programme}",
            texts=(pair.text,) if records else (),
            announcements=len(records),
            withdrawals=len(withdrawals),
        )
        head = replace(head, **header)  # type: ignore[arg-type]  # a check knows its fields
        document = pair.mapper.write(list(records)) if records else None
        if spoil is not None:
            assert document is not None, "there is something to spoil"
            assert spoil[0] in document, "it is there"
            document = document.replace(*spoil)
        content = exchange.write_batch(head, list(withdrawals), document)
        return Sent(
            file=seal(content, key or pair.key, now),
            content=content,
            header=head,
            records=tuple(records),
            withdrawals=tuple(withdrawals),
        )

    def close(self, sent: Sent) -> None:
        """The number has been answered: the next one names its digest."""
        self._number = sent.header.number + 1
        self._previous = sent.digest

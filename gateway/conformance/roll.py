"""What the partner must hold by now of what this run told it.

It follows the rules a receiver follows: an older version is ignored, a withdrawn ref is buried for
good. What the partner held before is counted once and taken as given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.holdings import BUCKETS, Bucket, Holdings, bucket_of, leaf, total
from schemas.record import Record


@dataclass(slots=True)
class Roll:
    """`others` are members that were there before, None while they are not counted; `certain`
    ends with the first answer that was not to be trusted.
    """

    live: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    buried: set[str] = field(default_factory=set)
    others: int | None = None
    certain: bool = True

    def announce(self, records: Iterable[Record]) -> None:
        for record in records:
            version, _ = self.live.get(record.ref, (0, b""))
            if record.ref not in self.buried and record.version > version:
                self.live[record.ref] = (record.version, record.items_digest)

    def withdraw(self, refs: Iterable[str]) -> None:
        for ref in refs:
            self.live.pop(ref, None)
            self.buried.add(ref)

    def doubt(self) -> None:
        """What the partner holds is not known any more: it is counted anew."""
        self.others, self.certain = None, False

    def expected(self) -> int | None:
        """How many members it must hold; None while the others are not counted."""
        return None if self.others is None else self.others + len(self.live)

    def holdings(self) -> Holdings | None:
        """Count and digest; None where others are among them or something is in doubt."""
        if self.others or not self.certain:
            return None
        leaves: Sequence[list[bytes]] = [[] for _ in range(BUCKETS)]
        for ref, (version, items) in self.live.items():
            leaves[bucket_of(ref)].append(leaf(ref, version, items))
        return total([Bucket().changed(add=some) for some in leaves])

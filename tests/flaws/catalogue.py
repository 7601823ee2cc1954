"""Every named flaw there is, each with its verdict: what is wrong, and the code it is refused with.

    SEALED    a sealed file: its shape, and whether to believe it     (sealed_shape, _boxes, _trust,
                                                                      _values)
    COSTLY    an XML document built to be expensive, by its size      (costly)
    BATCHES   the XML of a batch, inside a good seal                  (batches_bombs, _unreadable,
                                                                      _envelope, _records, _values)
    and `pushes`: lines, tables and whole inputs of members and consents.

And the other direction, as important: `unusual`, which looks odd and must be taken. What a fuzzer
finds, or somebody else's corpus teaches, becomes a flaw here, by a name.
"""

from typing import Final

from tests.flaws import (
    batches_bombs,
    batches_envelope,
    batches_records,
    batches_unreadable,
    batches_values,
    sealed_boxes,
)
from tests.flaws.batches import SPOILT, Spoilt
from tests.flaws.costly import SHAPES as COSTLY
from tests.flaws.sealed import Flaw
from tests.flaws.sealed_shape import SHAPE
from tests.flaws.sealed_trust import TRUST
from tests.flaws.sealed_values import VALUES

__all__ = ["BATCHES", "COSTLY", "SEALED"]

# Importing them is what enters their flaws.
_ENTERED = (
    batches_bombs,
    batches_envelope,
    batches_records,
    batches_unreadable,
    batches_values,
    sealed_boxes,
)
SEALED: Final[list[Flaw]] = SHAPE + TRUST + VALUES
BATCHES: Final[list[Spoilt]] = SPOILT

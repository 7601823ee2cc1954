"""The accounts that stood in an input, in little memory however many there are.

An account is a number of up to ten digits with a 1 put before it (012345 and 12345 are two). Its
last 16 bits are kept under the others: as a sorted array of two bytes each while they are few, as
a bitmap of 8 KiB once that is smaller. A million accounts take 0.2 MB where they follow each other
and 5 MB where they are drawn at random over nine digits; all accounts there can be, 140 MB.
"""

from array import array
from bisect import bisect_left

_BITS = 16
_LOW = (1 << _BITS) - 1
_ARRAY_MAX = 4096  # two bytes each: as large as the bitmap


class Seen:
    """A set of accounts (texts of 5 to 9 ASCII digits)."""

    def __init__(self) -> None:
        self._parts: dict[int, array[int] | bytearray] = {}

    def add(self, account: str) -> bool:
        """Add an account; say whether it is new."""
        number = int("1" + account)
        high, low = number >> _BITS, number & _LOW
        part = self._parts.get(high)
        if part is None:
            self._parts[high] = array("H", (low,))
            return True
        if isinstance(part, bytearray):
            bit = 1 << (low & 7)
            fresh = not part[low >> 3] & bit
            part[low >> 3] |= bit
            return fresh
        place = bisect_left(part, low)
        if place < len(part) and part[place] == low:
            return False
        if len(part) < _ARRAY_MAX:
            part.insert(place, low)
            return True
        bitmap = bytearray((_LOW + 1) >> 3)
        for one in (*part, low):
            bitmap[one >> 3] |= 1 << (one & 7)
        self._parts[high] = bitmap
        return True

    def __contains__(self, account: str) -> bool:
        number = int("1" + account)
        high, low = number >> _BITS, number & _LOW
        part = self._parts.get(high)
        if part is None:
            return False
        if isinstance(part, bytearray):
            return bool(part[low >> 3] & (1 << (low & 7)))
        place = bisect_left(part, low)
        return place < len(part) and part[place] == low

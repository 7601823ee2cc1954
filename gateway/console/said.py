"""What the console says after an act, by the word that stands in the address.

The address carries a key of this table and nothing else: what somebody writes there shows nothing.
"""

from collections.abc import Mapping
from typing import Final

SAID: Final[Mapping[str, str]] = {
    "signed-out": "You are signed out.",
    "paused": "Announcements are paused. Withdrawals and bad news still leave.",
    "resumed": "Announcements leave again.",
}

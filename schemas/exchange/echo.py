"""An echo as XML, `xsd/exchange/1.0.xsd`: the signed word that a file arrived, and as which bytes.

It names the digest of the file received and repeats nothing of it: whoever signs what a stranger
wrote can be made to sign anything, a receipt too.
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.exchange.envelope import (
    DECLARATION,
    NAMESPACE,
    Fields,
    check_rest,
    line,
    moment,
    opened,
    utc,
)
from schemas.text import encoded

ECHO_BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """`digest` is the SHA-256 (hex) of the CMS file as it arrived; `at` is in whole seconds."""

    sender: str
    recipient: str
    digest: str
    at: datetime


def write_echo(echo: Echo) -> bytes:
    """The echo as UTF-8."""
    return encoded(
        f'{DECLARATION}<Echo xmlns="{NAMESPACE}">\n'
        + line("From", echo.sender)
        + line("To", echo.recipient)
        + line("Digest", echo.digest)
        + line("At", utc(echo.at))
        + "</Echo>\n"
    )


def read_echo(content: bytes) -> Echo:
    """The echo. Raises `BadDocument` MRX-2301 to 2305, MRX-2307 for a time that is none."""
    root = opened(content, "Echo", bytes_max=ECHO_BYTES_MAX)
    check_rest(root)
    said = Fields(root)
    return Echo(
        sender=said["From"],
        recipient=said["To"],
        digest=said["Digest"],
        at=moment(said, "At"),
    )

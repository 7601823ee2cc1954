"""What is fuzzed: one function a door of bytes, and what must hold for whatever bytes there are.

    open_cms         a sealed file              drafted_cms    the same, put together and signed here
    xml_reader       the one XML parser         exchange       batch, receipt and echo
    mappers          each programme's `read`    csv            members and consents in a table
    ndjson_members   lines of a push            ndjson_consents
    http_signature   a signed request

A target returns, whatever the bytes; every error but ours is a finding, and so is an assertion that
fails. Where something is taken, it says more than that: what was opened is what was sealed, what
was read can be written and read again, and the short way of a line ends where the long one does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.fuzz import documents, files, inputs, requests


@dataclass(frozen=True, kw_only=True)
class Target:
    """`act` is given the bytes. A `structured` one is mutated as XML, too."""

    act: Callable[[bytes], None]
    length_max: int = 4_096
    structured: bool = False


TARGETS: Final[Mapping[str, Target]] = {
    "open_cms": Target(act=files.opened),
    "drafted_cms": Target(act=files.drafted, length_max=1_024),
    "xml_reader": Target(act=documents.parsed, structured=True),
    "exchange": Target(act=documents.exchanged, structured=True),
    "mappers": Target(act=documents.read, structured=True),
    "ndjson_members": Target(act=inputs.members),
    "ndjson_consents": Target(act=inputs.consents),
    "csv": Target(act=inputs.tables),
    "http_signature": Target(act=requests.asked),
}

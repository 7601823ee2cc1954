"""Receipts with one thing wrong inside a perfectly good seal: the answer of a partner that means us harm.

What no parser should see is what a batch is spoilt with, too (`batches_bombs`, `batches_unreadable`):
the receipt is given the letters that those look for, is spoilt, and gets its own letters back. What is
made of a receipt's own lists stands here.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tests.flaws.batches import INCLUDED, XSI, numbered, swapped
from tests.flaws.catalogue import BATCHES

# A receipt's own letters, and what stands there in a batch.
_LETTERS: Final = (
    (b"Receipt", b"Batch"),
    (b"From", b"Header"),
    (b"Number>", b"version>"),
    (b"applied", b"Empresa"),
)
# Made of what only a record has: an attribute, and a namespace of its own.
_ELSEWHERE: Final = frozenset({"doubled_attribute", "odd_namespace_before_a_warning"})


def _spoilt(make: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def act(content: bytes) -> bytes:
        for own, other in _LETTERS:
            content = content.replace(own, other)
        content = make(content)
        for own, other in _LETTERS:
            content = content.replace(other, own)
        return content

    return act


UNREAD: Final[Mapping[str, tuple[Callable[[bytes], bytes], str]]] = {
    str(flaw): (_spoilt(flaw.make), flaw.code)
    for flaw in BATCHES
    if flaw.make.__module__.endswith(("batches_bombs", "batches_unreadable"))
    and flaw.make.__name__ not in _ELSEWHERE
}


def _listed(name: str, *parts: bytes) -> Callable[[bytes], bytes]:
    """With this list at its end."""
    home = name.encode()
    inside = b"<" + home + b">" + b"".join(parts) + b"</" + home + b">"
    return lambda content: swapped(content, b"</Receipt>", inside + b"</Receipt>")


_ATTRIBUTES: Final = numbered(100_000)
MISREAD: Final[Mapping[str, tuple[Callable[[bytes], bytes], str]]] = {
    "A refusal has a hundred thousand attributes": (
        _listed("Refusals", b"<Refusal " + _ATTRIBUTES + b"/>"),
        "MRX-2304",
    ),
    "A hundred thousand elements stand in a refusal": (
        _listed("Refusals", b"<Refusal>" + b"<x/>" * 100_000 + b"</Refusal>"),
        "MRX-2304",
    ),
    "A hundred thousand refusals refuse nothing": (
        _listed("Refusals", b"<Refusal/>" * 100_000),
        "MRX-2305",
    ),
    "A hundred thousand strangers stand between refusals": (
        _listed("Refusals", b"<x/>" * 100_000),
        "MRX-2304",
    ),
    "Words stand between a hundred thousand erasures": (
        _listed("Erasures", b"x<Erasure/>" * 100_000),
        "MRX-2305",
    ),
    "Matches stand in matches, two hundred deep": (
        _listed("Matches", b"<Match>" * 200 + b"</Match>" * 200),
        "MRX-2304",
    ),
    "Erasures are included from a file of ours": (_listed("Erasures", INCLUDED), "MRX-2305"),
    "It says a hundred thousand times how many it holds": (
        lambda content: swapped(content, b"<Held>", b"<Held>1</Held>" * 100_000 + b"<Held>"),
        "MRX-2304",
    ),
    "The root names a type that nobody has": (
        lambda content: swapped(
            content, b"<Receipt ", b"<Receipt " + XSI + b' xsi:type="PLANTED" '
        ),
        "MRX-2305",
    ),
}

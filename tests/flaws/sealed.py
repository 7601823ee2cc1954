"""What a flaw is: one thing that is wrong with a file which is honest otherwise.

A flaw is a named function that makes the file; its docstring says what is wrong, and is the name
of its test. Where `verifies` is set, `openssl cms -verify` lets the file through: those are the
flaws nobody else would have stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from signing.keys import SigningKey
from tests.signing.ask import sealed_by_openssl
from tests.signing.forge import CONTENT, Draft

BOTH = ("rsa", "p256")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a flaw works with: our pinned key, and somebody else's."""

    key: SigningKey
    key_file: Path
    stranger: SigningKey
    stranger_file: Path

    def draft(self, **changes: object) -> Draft:
        """An honest file, before it is put together, but for these changes."""
        return replace(Draft(key=self.key), **changes)

    def openssl(self, *words: object) -> bytes:
        """A file sealed by `openssl cms -sign`, with these further words."""
        return sealed_by_openssl(CONTENT, self.key_file, *words)


@dataclass(frozen=True, kw_only=True)
class Flaw:
    make: Callable[[Bench], bytes]
    code: str
    kinds: tuple[str, ...]
    verifies: bool

    @property
    def asks(self) -> bool:
        """Whether it is openssl that makes the file."""
        return "openssl" in self.make.__code__.co_names

    def __str__(self) -> str:
        return self.make.__doc__.strip().rstrip(".")


class Flaws(list[Flaw]):
    """Flaws of one sort, in the order in which they are written down."""

    def refused_with(self, code: str, *, kinds: tuple[str, ...] = BOTH, verifies: bool = False):
        def take(make: Callable[[Bench], bytes]) -> Callable[[Bench], bytes]:
            self.append(Flaw(make=make, code=code, kinds=kinds, verifies=verifies))
            return make

        return take

"""Whoever acts, by whichever way they came in."""

from dataclasses import dataclass
from typing import Final

from gateway.identity.roles import Right


@dataclass(frozen=True, slots=True)
class Actor:
    """`by` is what the ledger names: a user's name, `token <id>`, or the account of the shell.

    Two persons are two different `by`.
    """

    by: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights


ALL: Final = frozenset(Right)


def at_the_shell(by: str) -> Actor:
    """Whoever can read the home folder's keys: the file system has judged already."""
    return Actor(by, ALL)

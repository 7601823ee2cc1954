"""Whoever acts, by whichever way they came in.

    console     a user, signed in                           by = their name
    /v1/ops     a token                                     by = token <id>
    shell       whoever may read the home folder's keys     by = $USER, which nobody proves

An act for two persons is asked for and decided by two different `by`. At the shell anybody could
call themselves somebody else, so the second person proves who they are there: they name a user of
the console and give the password (`signing_in.proved`), and decide under that name. Whoever has
the shell could make themselves such a user, too; that act stands in the ledger, before the other.
"""

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

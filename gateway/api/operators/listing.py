"""A page of a list at the operators' door: where it begins, how long it is, how it leads on.

def approvals(here: Here, _actor: Sees, listing: Listed, ...) -> ApprovalList:
    found = every(tx, after=listing.by_moment(), at_most=listing.limit + 1)
    shown, following = listing.cut(found, key)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Response

from gateway.api import cursor
from gateway.api.cursor import After, Limit

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked for, by `after` and `limit`; and the answer, whose header says what follows."""

    request: Request
    response: Response
    after: str | None
    limit: int

    def start(self, *shape: type) -> tuple[int | str, ...] | None:
        """The key to go on after, or None for the first page; raises as `cursor.read` does."""
        return cursor.read(self.after, *shape)

    def by_moment(self) -> tuple[datetime, str] | None:
        """The same, for a list that is sorted by a moment and an id."""
        return cursor.by_moment(self.after)

    def cut(
        self, found: Sequence[_Item], key: Callable[[_Item], tuple[int | str, ...]]
    ) -> tuple[Sequence[_Item], str | None]:
        """The items to answer of `limit + 1` that were read, and `next`."""
        shown, following = cursor.cut(found, self.limit, key)
        return shown, self.leads(following)

    def leads(self, following: str | None) -> str | None:
        """`next` for a list that knows it by itself; the header says it too."""
        self.response.headers.update(cursor.link(self.request, following))
        return following


async def _asked(  # a plain one would be called in another thread
    request: Request, response: Response, after: After = None, limit: Limit = 100
) -> Listing:
    return Listing(request, response, after, limit)


Listed = Annotated[Listing, Depends(_asked)]

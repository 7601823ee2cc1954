"""A page of a list: fifty items, and the cursor of the next page (`parts/pager.html`)."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from gateway.api import cursor

A_PAGE: Final = 50

_Item = TypeVar("_Item")


def listed(
    found: Sequence[_Item],
    key: Callable[[_Item], tuple[int | str, ...]],
    *,
    after: str | None,
    at_most: int,
) -> dict[str, Any]:
    """What a template is given of a list that was read one item further than it shows: `found`,
    `next`, and whether this is the `first` page.
    """
    shown, following = cursor.cut(found, at_most, key)
    return {"found": shown, "next": following, "first": after is None}

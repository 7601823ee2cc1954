"""Cursors of lists: opaque to the caller, a key of the last item to us.

A list answers `next`, the cursor of its last item, also in a `Link` header; it goes back as
`after`. A cursor stays good for ever: it says where, not how many.

A list reads one item more than it shows, and so knows whether there is a next page:

    found = every(tx, after=cursor.by_moment(after), at_most=limit + 1)
    shown, following = cursor.cut(found, limit, key)
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

import orjson
from fastapi import Query, Request

from gateway.api.parameters import unkept
from schemas.errors import BadRequest

After = Annotated[
    str | None, Query(max_length=200, description="The `next` of the page before; none: the first.")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most this many items.")]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Item = TypeVar("_Item")


def written(*key: int | str) -> str:
    """The cursor of an item with this key."""
    return urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def read(cursor: str | None, *shape: type) -> tuple[int | str, ...] | None:
    """The key, or None for the first page. Raises `BadRequest` MRX-7003 for one we did not write."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, UnicodeError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(shape):
        raise BadRequest("MRX-7003", field="after")
    if any(unkept(part) if isinstance(part, str) else abs(part) >= 1 << 63 for part in key):
        raise BadRequest("MRX-7003", field="after")
    return tuple(key)


def moment(microseconds: int | str) -> datetime:
    """The moment that a part of a key names, in microseconds since 1970, as it is stored. Raises
    `BadRequest` MRX-7003 for a number that we did not write.
    """
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError:
        raise BadRequest("MRX-7003", field="after") from None


def by_moment(cursor: str | None) -> tuple[datetime, str] | None:
    """Where a list goes on that is sorted by a moment and an id."""
    key = read(cursor, int, str)
    return None if key is None else (moment(key[0]), str(key[1]))


def cut(
    found: Sequence[_Item], limit: int, key: Callable[[_Item], tuple[int | str, ...]]
) -> tuple[Sequence[_Item], str | None]:
    """The items that are shown of a list which was read one item further, and the cursor of the
    next page; None at the end.
    """
    shown = found[:limit]
    return shown, written(*key(shown[-1])) if len(found) > limit else None


def link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header that leads to the next page, or none."""
    if cursor is None:
        return {}
    target = request.url.include_query_params(after=cursor)
    return {"Link": f'<{target.path}?{target.query}>; rel="next"'}

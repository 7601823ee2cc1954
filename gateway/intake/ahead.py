"""Reading ahead: the next chunk of an input is read and judged while this one is written.

Where a server keeps the data, this process would wait for it half of the time. SQLite does its work
in this process and lets go of the interpreter for microseconds, row by row: there a second thread
would only be in the way. One chunk ahead and no more: memory stays what two chunks take.
"""

from collections.abc import Iterator
from threading import Thread
from typing import Generic, TypeVar

from schemas.database import Database
from schemas.postgresql import PostgreSQL

T = TypeVar("T")
# An input of one chunk or two, as most are, is not worth a thread.
_AT_ONCE = 2


def ahead(items: Iterator[T], database: Database) -> Iterator[T]:
    """The same items in the same order, and what `items` raises; if the database is a server's, each
    is made in a thread while the one before it is used. Nobody else may use `items`.
    """
    return _ahead(items) if isinstance(database, PostgreSQL) else items


def _ahead(items: Iterator[T]) -> Iterator[T]:
    for _ in range(_AT_ONCE):
        for item in items:
            yield item
            break
        else:
            return
    coming = _Next(items)
    while (found := coming.get()) is not None:
        coming = _Next(items)
        yield found[0]


class _Next(Generic[T]):
    """The next item, in the making. One that nobody waits for any more is let go."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._found: tuple[T] | None = None
        self._error: BaseException | None = None
        # A daemon: whoever gives up a push does not wait for an input that never comes.
        self._thread = Thread(target=self._make, name="intake", daemon=True)
        self._thread.start()

    def get(self) -> tuple[T] | None:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found

    def _make(self) -> None:
        try:
            for item in self._items:
                self._found = (item,)
                break
        except BaseException as error:  # noqa: BLE001  # raised where it is waited for
            self._error = error

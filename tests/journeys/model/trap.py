"""A database that dies, or lets somebody in, at a commit that was chosen before.

    write n begins --somebody else acts--> ... --dead, not done--> COMMIT --dead, done, unheard-->

A process that is dead writes nothing and reads nothing any more; the gateway is opened anew.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from schemas.database import Database


class Dead(BaseException):
    """The process is gone. Nothing in the product catches this."""


class Trapped(Database):
    """One database, trapped. `committed` is called after each commit, before anybody hears of it."""

    def __init__(self, plain: Database, committed: Callable[[], None] = lambda: None) -> None:
        self.plain = plain
        self._committed = committed
        self._dead = self._within = False
        self.spring()

    def spring(
        self,
        *,
        dies: tuple[int, bool] | None = None,
        meddles: tuple[int, Callable[[], None]] | None = None,
    ) -> None:
        """From now on: die at the n-th commit, before it (False) or after it (True), and let
        somebody act before the n-th write begins. Both once.
        """
        self._dies, self._meddles, self._count = dies, meddles, 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """What is done here is another process's: nothing is counted, nobody dies."""
        before, self._within = self._within, True
        try:
            yield
        finally:
            self._within = before

    @contextmanager
    def write(self, *, partner: str | None = None) -> Iterator[Connection]:
        dies = None if self._within else self._next()
        if self._dead and not self._within:
            raise Dead
        with self.plain.write(partner=partner) as tx:
            yield tx
            if dies is False:
                self._dead = True
                raise Dead
        with self.alone():
            self._committed()
        if dies:
            self._dead = True
            raise Dead

    def _next(self) -> bool | None:
        self._count += 1
        if self._meddles is not None and self._meddles[0] == self._count:
            meddle, self._meddles = self._meddles[1], None
            with self.alone():
                meddle()
        if self._dies is not None and self._dies[0] == self._count:
            return self._dies[1]
        return None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if self._dead and not self._within:
            raise Dead
        with self.plain.read() as tx:
            yield tx

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        with self.plain.migrate() as tx:
            yield tx

    def wipe(self, tables: Collection[str], *, whole: bool = False) -> None:
        self.plain.wipe(tables, whole=whole)

    def exists(self) -> bool:
        return self.plain.exists()

    def close(self) -> None:
        self.plain.close()

    @property
    def version(self) -> str:
        return self.plain.version

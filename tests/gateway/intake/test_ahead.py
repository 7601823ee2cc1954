"""Reading ahead of a server: the same chunks, the same errors, and nobody is waited for in vain."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from gateway.intake.ahead import ahead
from schemas.postgresql import PostgreSQL

SERVER = PostgreSQL(make_url("postgresql+psycopg://nobody@localhost/never_asked"))


@pytest.mark.parametrize("count", range(6))
def test_the_items_come_once_each_and_in_their_order(count: int) -> None:
    assert list(ahead(iter(range(count)), SERVER)) == list(range(count))


@pytest.mark.parametrize("at", range(5))
def test_an_error_comes_where_its_item_would_have_come(at: int) -> None:
    def items() -> Iterator[int]:
        yield from range(at)
        raise ValueError(at)

    found = ahead(items(), SERVER)
    assert [next(found) for _ in range(at)] == list(range(at))
    with pytest.raises(ValueError, match=str(at)):
        next(found)


def test_one_item_is_made_while_the_one_before_is_used_and_no_more() -> None:
    made: list[int] = []
    ready = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for n in range(6):
            made.append(n)
            ready.release()
            yield n

    for n in ahead(items(), SERVER):
        ready.acquire(timeout=10)
        if 2 <= n < 5:  # the first two are not worth a thread
            with ready:
                assert made[-1] == n + 1
            ready.release()
    assert made == list(range(6))


def test_who_gives_up_does_not_wait_for_an_input_that_never_comes() -> None:
    never = threading.Event()

    def items() -> Iterator[int]:
        yield from range(3)
        never.wait()

    found = ahead(items(), SERVER)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    del found
    assert not never.is_set()
    never.set()

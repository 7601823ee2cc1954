"""However the bytes of a request are cut on their way, they are read as when they come at once."""

import itertools
import random
from typing import Any

import h11
import pytest

from gateway.chunks import CHUNKS_FREE
from gateway.request_parser import HEAD_BYTES_MAX, RequestParser
from tests.gateway.doors.test_smuggling import BEHIND, REFUSED, TAKEN

SMALL = 4_096  # bytes of a message that is cut everywhere
BODY = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(pieces: list[bytes]) -> list[Any]:
    """Addresses and bodies, in their order; "refused" if it came to that."""
    parser, found = RequestParser(), []
    try:
        for piece in pieces:
            parser.receive_data(piece)
            while (event := parser.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Request):
                    found += [event.target, b""]
                elif isinstance(event, h11.Data):
                    found[-1] += bytes(event.data)
                elif event is h11.PAUSED:
                    parser.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
                    parser.send(h11.EndOfMessage())
                    if parser.our_state is h11.MUST_CLOSE:
                        return found
                    parser.start_next_cycle()
    except h11.RemoteProtocolError:
        found.append("refused")
    return found


def cut(data: bytes, *places: int) -> list[bytes]:
    edges = [0, *places, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_is_taken_however_it_is_cut(what: str):
    data = TAKEN[what][0] + BEHIND
    whole = read([data])

    assert whole[-2:] == [b"/health/live", b""]
    assert "refused" not in whole
    assert read([data[n : n + 1] for n in range(len(data))]) == whole
    for place in range(1, len(data)):
        assert read(cut(data, place)) == whole, data[:place]


@pytest.mark.parametrize("what", [what for what in REFUSED if len(REFUSED[what]) < SMALL])
def test_what_is_refused_is_refused_however_it_is_cut(what: str):
    data = REFUSED[what] + BEHIND
    chance = random.Random(what)

    assert read([data])[-1] == "refused"
    assert read([data[n : n + 1] for n in range(len(data))])[-1] == "refused"
    for _ in range(50):
        places = sorted(chance.sample(range(1, len(data)), 3))
        assert read(cut(data, *places))[-1] == "refused", places


def test_an_honest_body_in_chunks_of_any_size_is_read_whole():
    chance = random.Random(7)
    for size in (130, 1_000, 8_192, 65_536):
        parts = [chance.randbytes(size) for _ in range(300_000 // size)]
        data = BODY + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        places = range(1_460, len(data), 1_460)

        assert read(cut(data, *places)) == [b"/", b"".join(parts)]


def test_small_chunks_are_taken_as_long_as_they_are_few():
    few = b"1\r\na\r\n" * (CHUNKS_FREE - 10) + b"0\r\n\r\n"
    many = b"1\r\na\r\n" * (2 * CHUNKS_FREE) + b"0\r\n\r\n"

    assert read([BODY + few]) == [b"/", b"a" * (CHUNKS_FREE - 10)]
    assert read([BODY + many])[-1] == "refused"


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_a_head_may_be_so_large_and_no_larger(more: int, *, fits: bool):
    start, end = b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\n\r\n"
    data = start + b"a" * (HEAD_BYTES_MAX - len(start) - len(end) + more) + end

    assert (read([data]) == [b"/", b""]) is fits

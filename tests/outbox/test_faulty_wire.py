"""What a peer may say on the wire in place of a receipt: cut at any byte, with any bit turned over,
without end, or nothing but noise.

Only the answer as it was signed settles anything; whatever else comes ends in an outcome, within
our deadline and within few bytes. Sweeps take a seeded share of all places (MRX_SEED), and every
one with MRX_FAULTS=all.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbox import batch, receipts, transport
from outbox.transport import Answered, HttpTransport, NotNow, Outcome, Silence
from partners import certificates
from schemas.errors import MrxError
from signing import keys
from signing.seal import seal
from tests import spoiling, world
from tests.conftest import connected_world
from tests.message import parts, sized
from tests.outbox.peers import saying, told
from tests.proxy import Exchange, Fault, Proxy
from tests.world import START, World, member, pinned

SEED = int(os.environ.get("MRX_SEED", "6"))
ALL = os.environ.get("MRX_FAULTS") == "all"
STRIDE = 1 if ALL else 40 if os.environ.get("MRX_QUICK") else 9


def cut_off(words: bytes, *, politely: bool) -> Fault:
    """These words and no more, ended by a reset or politely."""

    def fault(exchange: Exchange) -> None:
        exchange.say(words)
        if not politely:
            exchange.reset()

    return fault


# -- every byte of an answer -----------------------------------------------------------------------


class Asked:
    """A batch nobody has answered yet, and the answer that would settle it."""

    def __init__(self, one: World, answer: bytes) -> None:
        self.world, self.answer = one, sized(answer, b"Content-Type: application/pkcs7-mime")
        self.body = answer

    def settles(self, body: bytes) -> bool:
        """Whether this is believed, and answers the batch. Raises nothing but our codes."""
        house = self.world.house
        try:
            believed = receipts.believe(house, "mx-neec", body, now=START)
            with house.database.read() as tx:
                (only,) = batch.every(tx)
                receipts.answered(tx, believed, "mx-neec", now=START, expected=only.id)
        except MrxError:
            return False
        return True


@pytest.fixture(scope="module", params=["p256", "rsa"])
def asked(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    key_files: dict[str, Path],
) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    one = connected_world(folder, key_files, ("mx-neec",))
    heard: list[bytes] = []

    def keep(_end: object, _file: bytes, receipt: bytes) -> bytes:
        heard.append(receipt)
        return b""

    one.wire.answer = keep
    one.push(member("10000001"))
    one.grant("10000001")
    one.deliver(rounds=1)
    (answer,) = heard
    if request.param == "rsa":
        path = world.new_key(folder, "rsa")
        mexico = keys.load(path)
        content = receipts.content_of(answer)
        answer = seal(content, mexico, START)
        theirs = pinned(replace(one.partners["mx-neec"], key=mexico), "mx-neec")
        with one.house.database.write() as tx:
            certificates.pin(tx, theirs, now=START)
    yield Asked(one, answer)
    one.house.database.close()


def places(length: int) -> range:
    """Each, or a share of them that begins somewhere else with each seed."""
    return range(random.Random(SEED).randrange(STRIDE), length, STRIDE)


def test_the_whole_answer_settles(asked: Asked, nobody: Proxy, wire: HttpTransport):
    """Otherwise the sweeps below would show nothing."""
    outcome = told(wire, nobody, saying(asked.answer))

    assert outcome == Answered(asked.body)
    assert asked.settles(asked.body)


@pytest.mark.parametrize("politely", [True, False], ids=["half-closed", "reset"])
def test_an_answer_cut_at_any_byte_is_silence(
    asked: Asked, nobody: Proxy, wire: HttpTransport, *, politely: bool
):
    for n in places(len(asked.answer)):
        outcome = told(wire, nobody, cut_off(asked.answer[:n], politely=politely))

        assert isinstance(outcome, Silence), n


def test_a_file_cut_at_any_byte_settles_nothing(asked: Asked):
    """As where its length was cut too, so that the answer looks whole."""
    for n in places(len(asked.body)):
        assert not asked.settles(asked.body[:n]), n
    assert not asked.settles(asked.body + b"\0")


def test_no_single_bit_of_a_signed_receipt_can_be_turned_over(asked: Asked):
    dice = random.Random(SEED)
    for n in places(len(asked.body)):
        for bit in range(8) if ALL else (dice.randrange(8),):
            assert not asked.settles(spoiling.flipped_at(asked.body, n, bit)), (n, bit)


def test_a_bit_turned_over_on_the_wire_settles_only_what_is_still_true(
    asked: Asked, nobody: Proxy, wire: HttpTransport
):
    """In the head it may change nothing; then the body is the one that was signed."""
    dice = random.Random(SEED)
    settled = 0
    for n in places(len(asked.answer)):
        outcome = told(
            wire, nobody, saying(spoiling.flipped_at(asked.answer, n, dice.randrange(8)))
        )
        if isinstance(outcome, Answered) and asked.settles(outcome.body):
            assert outcome.body == asked.body, n
            assert n < len(parts(asked.answer)[0]), n
            settled += 1

    assert settled < len(parts(asked.answer)[0])


# -- any bytes at all ------------------------------------------------------------------------------

_STATUS = st.sampled_from(
    b"HTTP/1.1 200 OK|HTTP/1.0 200|HTTP/1.1 204 x|HTTP/1.1 304 x|HTTP/1.1 101 x|HTTP/9.9 200 OK|"
    b"HTTP/1.1 999 x|HTTP/1.1 000 x|HTTP/1.1 -20 x|ICY 200 OK|HTTP/1.1|200".split(b"|")
)
_FIELD = st.sampled_from(
    b"Content-Length: 3|Content-Length: 0|Content-Length: 3, 3|Content-Length:|Retry-After: -1|"
    b"Transfer-Encoding: chunked|Transfer-Encoding: gzip, chunked|Connection: upgrade|"
    b"Upgrade: h2c| folded|Name|N\xc3\xa4me: x|X: \xff\x00|:|".split(b"|")
)
_BODY = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"3\r\nabc\r\n0\r\n\r\n", b"3;x\r\nabc\r\n0\r\nA: b\r\n\r\n", b"-1\r\n\r\n"]),
)
_ANSWER = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda status, fields, body: b"\r\n".join([status, *fields]) + b"\r\n\r\n" + body,
        _STATUS,
        st.lists(_FIELD, max_size=4),
        _BODY,
    ),
)


@given(answer=_ANSWER)
def test_any_bytes_a_peer_says_end_in_an_outcome(nobody: Proxy, wire: HttpTransport, answer: bytes):
    outcome = told(wire, nobody, saying(answer))

    assert isinstance(outcome, Outcome)


@given(
    header=st.one_of(
        st.binary(max_size=60),
        st.from_regex(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{1,9} \d\d:\d\d:\d\d [+-]\d{1,9}").map(
            str.encode
        ),
    )
)
def test_any_wait_a_peer_asks_for_is_one_we_can_bear(header: bytes):
    outcome = transport._outcome(503, header, b"")

    assert isinstance(outcome, NotNow)
    assert outcome.asked is None or outcome.asked >= timedelta(0)

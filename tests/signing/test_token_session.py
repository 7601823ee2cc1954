"""A token in many threads and processes, taken away and brought back."""

import os
import signal
import threading
from pathlib import Path

import pytest

from schemas.errors import NotReady
from signing import token
from tests.signing.token_keys import KINDS, key_of
from tests.softhsm import SoftToken

pytestmark = pytest.mark.processes  # softhsm2-util; the token itself is a library


@KINDS
def test_many_threads_sign_at_once(soft: SoftToken, token_home: Path, kind: str):
    key, wrong = key_of(soft, token_home, kind), []

    def work(mine: int) -> None:
        for at in range(10):
            message = b"%d %d" % (mine, at)
            if not key.certificate.verifies(key.sign(message), message):
                wrong.append(message)

    threads = [threading.Thread(target=work, args=[mine]) for mine in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)

    assert wrong == []


@KINDS
def test_parent_and_child_both_sign_after_a_fork(soft: SoftToken, token_home: Path, kind: str):
    key = key_of(soft, token_home, kind)
    assert key.sign(b"before")
    holding, go = threading.Event(), threading.Event()
    module = token._module(str(soft.module))
    lock, ours = module._turn, list(module._open.values())

    def hold() -> None:
        with lock:
            holding.set()
            go.wait(10)

    thread = threading.Thread(target=hold)  # somebody signs while we fork: the child has no such
    thread.start()
    holding.wait(10)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        good = 1
        try:
            good = 0 if key.certificate.verifies(key.sign(b"child"), b"child") else 2
            if any(one is other for one in module._open.values() for other in ours):
                good = 3  # it went on with the parent's session
        finally:
            os._exit(good)
    go.set()
    thread.join(10)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert key.certificate.verifies(key.sign(b"parent"), b"parent")


@KINDS
def test_a_token_that_is_taken_away_signs_nothing_and_is_found_again(
    soft: SoftToken, token_home: Path, kind: str
):
    key = key_of(soft, token_home, kind)

    soft.remove()
    for _ in range(2):
        with pytest.raises(NotReady, match="MRX-9004"):
            key.sign(b"while it is away")
    soft.put_back()

    assert key.certificate.verifies(key.sign(b"again"), b"again")


@KINDS
def test_a_session_that_is_lost_is_opened_again(soft: SoftToken, token_home: Path, kind: str):
    """As when a device is reset, or somebody else ends what we opened."""
    key = key_of(soft, token_home, kind)
    for one in token._module(str(soft.module))._open.values():
        one.close()

    assert key.certificate.verifies(key.sign(b"again"), b"again")

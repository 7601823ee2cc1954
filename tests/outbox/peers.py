"""Whoever answers in place of a partner: a file is sent, and these words come back."""

from outbox.transport import HttpTransport, Outcome
from tests.proxy import Exchange, Fault, Proxy

BYTES_MAX = 1 << 20
NOBODY = "http://127.0.0.1:9"


def saying(*words: bytes) -> Fault:
    """These words in place of any answer."""

    def fault(exchange: Exchange) -> None:
        for word in words:
            exchange.say(word)

    return fault


def told(wire: HttpTransport, proxy: Proxy, *plan: Fault) -> Outcome:
    """What became of a file that met these faults."""
    proxy.will(*plan)
    outcome = wire.send(proxy.url, b"file")
    proxy.quiet()
    assert not proxy.plan
    return outcome

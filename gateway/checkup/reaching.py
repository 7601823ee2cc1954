"""Reaching a server: its name, its port, its TLS, each for itself and within a deadline.

Only to find out where a line is broken: whoever has something to send uses `outbox.call`.
"""

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """A base address, as it is registered, and what it names."""

    url: str
    host: str
    port: int
    secure: bool


@dataclass(frozen=True, slots=True)
class Handshake:
    """A TLS handshake that went well, and until when the server's certificate lasts."""

    version: str
    not_after: datetime


class Failed(Exception):  # it is a finding
    """Why a step fails, in a sentence, and what to do `next`."""

    def __init__(self, sentence: str, following: str) -> None:
        super().__init__(sentence)
        self.sentence, self.next = sentence, following


def address(url: str) -> Address:
    """The parts of an address that `gateway.cli.connecting` has let in."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return Address(url, parts.hostname or "", parts.port or (443 if secure else 80), secure)


def resolve(there: Address, *, seconds: float) -> list[str]:
    """The IP addresses its name leads to, each once. Raises `Failed`."""
    found: list[str] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            places = socket.getaddrinfo(there.host, there.port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(place[4][0]) for place in places))
        except (OSError, UnicodeError) as error:
            failed.append(getattr(error, "strerror", None) or "it is no name")

    # The resolver takes no deadline: it is asked beside, and left behind if it takes too long.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    if found:
        return found
    because = failed[0] if failed else f"no answer within {seconds:.0f} s"
    raise Failed(
        f"the name {there.host} does not resolve: {because}",
        "correct the address with `mrx partner connect`, or see to this machine's DNS",
    )


def connect(there: Address, ips: list[str], *, seconds: float) -> str:
    """The first of these that takes a connection, all tries within the deadline. Raises
    `Failed`.
    """
    until = time.monotonic() + seconds
    because = "no answer"
    for ip in ips:
        try:
            socket.create_connection((ip, there.port), _left(until)).close()
        except OSError as error:
            because = error.strerror or f"no answer within {seconds:.0f} s"
        else:
            return ip
    raise Failed(
        f"port {there.port} takes no connection: {because}",
        "ask whether their server runs, and whether a firewall stands between",
    )


def handshake(there: Address, ip: str, *, seconds: float) -> Handshake:
    """Shake hands as a delivery would, trusting what this machine trusts. Raises `Failed`."""
    context = ssl.create_default_context()
    until = time.monotonic() + seconds
    try:
        with socket.create_connection((ip, there.port), seconds) as raw:
            raw.settimeout(_left(until))  # of the whole handshake: Python's is no timeout per read
            with context.wrap_socket(raw, server_hostname=there.host) as line:
                certificate = line.getpeercert() or {}
                version = line.version() or "TLS"
    except ssl.SSLCertVerificationError as error:
        raise Failed(
            f"the server's certificate is not trusted: {error.verify_message}",
            "have them repair it; for an authority of their own, name its certificate in"
            " SSL_CERT_FILE",
        ) from error
    except TimeoutError as error:
        raise Failed(
            f"no TLS handshake within {seconds:.0f} s", "ask whether TLS is served on that port"
        ) from error
    except OSError as error:  # ssl.SSLError is one
        because = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise Failed(
            f"the TLS handshake fails: {because}", "ask whether TLS is served on that port"
        ) from error
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return Handshake(version, datetime.fromtimestamp(ends, UTC))


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.001)

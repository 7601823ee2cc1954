"""Other ends for `mrx partner test`: a real gateway over HTTP or TLS, and one that is bent."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.app import build
from gateway.settings import Settings
from outbox.house import House

Answer = Callable[[bytes], tuple[int, bytes]]


@dataclass
class Bent:
    """A gateway's application; `answers` replaces those of some paths, `date` is what its Date
    says: how far ahead it is, or None for no Date at all.
    """

    app: Any
    answers: dict[str, Answer] = field(default_factory=dict)
    date: timedelta | None = timedelta(0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def dated(message: Any) -> None:
            if message["type"] == "http.response.start" and self.date is not None:
                at = format_datetime(datetime.now(UTC) + self.date, usegmt=True)
                message = {**message, "headers": [*message["headers"], (b"date", at.encode())]}
            await send(message)

        answer = self.answers.get(scope.get("path", ""))
        if answer is None:
            await self.app(scope, receive, dated)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, said = answer(body)
        length = (b"content-length", str(len(said)).encode())
        await dated({"type": "http.response.start", "status": status, "headers": [length]})
        await dated({"type": "http.response.body", "body": said})


@contextmanager
def served(house: House, tls: Path | None = None, **bent: Any) -> Iterator[str]:
    """The address of a gateway that really listens; `tls` is a file with key and certificate."""
    app = Bent(build(house, Settings(home=house.folder)), **bent)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=0,
            log_level="warning",
            date_header=False,
            lifespan="off",
            ws="none",
            ssl_certfile=tls,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@dataclass(frozen=True)
class Authority:
    """A certificate authority that nobody trusts unless told to: `file` is its certificate."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def issue(self, ip: str, *, days: int = 90) -> Path:
        """A server's key and certificate for one address, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            _builder("Invented Server", self.certificate.subject, key.public_key())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(ip))]), False)
            .sign(self.key, SHA256())
        )
        path = self.folder / f"server-{ip}-{days}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
        ssl.create_default_context().load_cert_chain(path)  # it is one
        return path


def authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Invented Authority")])
    now = datetime.now(UTC)
    certificate = (
        _builder("Invented Authority", name, key.public_key())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    made = Authority(folder, certificate, key)
    made.file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return made


def _builder(subject: str, issuer: x509.Name, key: Any) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )

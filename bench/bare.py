"""The other end of a bare exchange: HTTP, open, seal, and nothing else.

`python -m bench.bare PORT KEY CERTIFICATE` answers each POST of a sealed file with a sealed text as
long as a receipt. It is served by the same server as the gateway; there is no database, no parsing,
no XSD, no roll, no ledger.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from signing.certificate import Certificate
from signing.keys import SigningKey, load
from signing.open import open_sealed
from signing.seal import seal

ANSWER = b"x" * 900  # a receipt of one notice is about as long


class Bare:
    """An ASGI application."""

    def __init__(self, key: SigningKey, trusted: Certificate) -> None:
        self._key, self._trusted = key, trusted

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = b"" if scope["method"] == "GET" else self._answer(body)
        headers = [(b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, file: bytes) -> bytes:
        now = datetime.now(UTC)
        open_sealed(file, [self._trusted], now)
        return seal(ANSWER, self._key, now)


def main() -> None:
    port, key, certificate = sys.argv[1:]
    app = Bare(load(Path(key)), Certificate.parse(Path(certificate).read_bytes()))
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False, server_header=False)


if __name__ == "__main__":
    main()

"""A world's wire as a real address: what it does with a file becomes an answer over HTTP.

For whoever calls partners over HTTP: the threads of `mrx serve`, and Celery's workers. The wire
stays the one that tests speak to: its plan, its journal, its answers.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from outbox.transport import Answered, NotNow, Outcome, Silence, TooLarge, TurnedAway

Send = Callable[[str, bytes], Outcome]


@dataclass(slots=True)
class ServedWire:
    """`url` of a partner's code; `broken` is what went wrong inside the wire, if anything did: an
    assertion of the test's own, most likely.
    """

    base: str
    broken: list[BaseException] = field(default_factory=list)

    def url(self, code: str) -> str:
        return f"{self.base}/{code}"

    def check(self) -> None:
        """Raise in the test's thread what was raised in the wire's."""
        if self.broken:
            raise self.broken[0]


@contextmanager
def served(send: Send) -> Iterator[ServedWire]:
    """Serve it while the block lasts; the first word of a path is the partner's code."""

    class Handler(_Handler):
        wire = staticmethod(send)

    server = _Server(("127.0.0.1", 0), Handler)
    host, port = server.server_address[:2]
    made = ServedWire(f"http://{host!s}:{port}", server.broken)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a kept-alive connection ends when its caller ends it

    def __init__(self, *words: object) -> None:
        self.broken: list[BaseException] = []
        super().__init__(*words)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wire: Send

    def do_POST(self) -> None:
        file = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            outcome = self.wire(self.path.split("/")[1], file)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test must hear of it
            self.server.broken.append(error)  # type: ignore[attr-defined]
            self.close_connection = True
            return
        match outcome:
            case Answered(body):
                self._say(200, body)
            case NotNow():
                self._say(503)
            case TooLarge():
                self._say(413)
            case TurnedAway():
                self._say(403)
            case Silence():  # the connection ends, and not a word
                self.close_connection = True

    def _say(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the journal is the log."""

"""`mrx serve` and `mrx sandbox`: HTTP and the worker in one process, at either end."""

import signal
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, exits, files, here
from gateway.cli.connecting import connect
from gateway.cli.nouns import noun
from gateway.home import init, open_home
from gateway.server import DEFAULT_PORT, LOOPBACK
from gateway.server import serve as serve_until_told
from gateway.settings import Settings
from outbox.house import House
from schemas.errors import NotReady

# Whose sandbox a partner's end is.
OTHER_END = "us-ctpat"

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]

app = noun()


@app.command(epilog="Example: mrx serve --port 8700")
def serve(*, port: Port = DEFAULT_PORT, host: Host = LOOPBACK) -> None:
    """Serve partners over HTTP and deliver to them, until told to stop.

    /health/live answers once keys and database stand; /health/ready says whether the gateway can
    do its work. Other commands may be used beside it.
    """
    settings = here.settings()
    _serve(open_home(settings), settings, host=host, port=port)


@app.command(epilog="Example: mrx sandbox mx-neec --port 8701 --trust us-ctpat.crt")
def sandbox(
    programme: Annotated[str, typer.Argument(help="The partner to be, such as mx-neec.")],
    *,
    port: Port,
    trust: Annotated[str, typer.Option(metavar="CERTIFICATE", help="The certificate of us-ctpat.")],
    host: Host = LOOPBACK,
) -> None:
    """Be a partner's end: the same software with that programme as its home.

    It makes its own home in $MRX_HOME, believes what is signed under the certificate, and answers
    with receipts. It may be started again, and behaves as what it is: a gateway.
    """
    settings = here.settings()
    certificate = files.read_certificate(trust)
    house = init(settings, programme)
    connect(
        house,
        OTHER_END,
        push_url=None,
        certificate=certificate,
        by=here.who(),
        now=datetime.now(UTC),
    )
    _serve(house, settings, host=host, port=port)


def _serve(house: House, settings: Settings, *, host: str, port: int) -> None:
    # The server restores this handler when it is done and calls it again: without it the process
    # would be gone before its worker could finish what it is transmitting.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(exits.DONE))
    answer.talk(f"{house.programme} is served at http://{host}:{port}; Ctrl-C stops it.")
    try:
        serve_until_told(house, settings, host=host, port=port)
    except OSError as error:
        raise NotReady("MRX-9011", because=error.strerror, host=host, port=port) from error
    finally:
        house.database.close()

"""`mrx serve` and `mrx sandbox`: HTTP and the worker in one process, at either end."""

import signal
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, exits, files, here
from gateway.cli.connecting import base_url, connect
from gateway.cli.nouns import noun
from gateway.home import init, open_home
from gateway.sandbox.habits import BRINGING, MEANING
from gateway.sandbox.misbehaviour import Manners, Misbehaviour
from gateway.sandbox.plan import Plan
from gateway.server import DEFAULT_PORT, LOOPBACK, Around
from gateway.server import serve as serve_until_told
from gateway.settings import Settings
from outbox.house import House
from schemas.errors import NotReady

# Whose sandbox a partner's end is.
OTHER_END = "us-ctpat"

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]

# Paragraphs behind \b keep their lines.
SANDBOX_HELP = """Be a partner's end: the same software with that programme as its home.

It makes its own home in $MRX_HOME, believes what is signed under the certificate, and answers
with receipts. It may be started again, and behaves as what it is: a gateway.

With --faults it is a bad partner. Each batch that comes meets the next habit of the list, then
all is honest again: "silent,500:2" never answers one batch, and answers two with an error. The
habits:

\b
""" + "\n".join(f"{habit.value:<13} {meaning}" for habit, meaning in MEANING.items())

app = noun()


@app.command(epilog="Example: mrx serve --port 8700")
def serve(*, port: Port = DEFAULT_PORT, host: Host = LOOPBACK) -> None:
    """Serve partners over HTTP and deliver to them, until told to stop.

    /health/live answers once keys and database stand; /health/ready says whether the gateway can
    do its work. Other commands may be used beside it.
    """
    settings = here.settings()
    _serve(open_home(settings), settings, host=host, port=port)


@app.command(
    help=SANDBOX_HELP, epilog="Example: mrx sandbox mx-neec --port 8701 --trust us-ctpat.crt"
)
def sandbox(
    programme: Annotated[str, typer.Argument(help="The partner to be, such as mx-neec.")],
    *,
    port: Port,
    trust: Annotated[str, typer.Option(metavar="CERTIFICATE", help="The certificate of us-ctpat.")],
    host: Host = LOOPBACK,
    faults: Annotated[
        str,
        typer.Option(metavar="HABIT[:TIMES],...", help="One habit for each batch that comes."),
    ] = "",
    faults_rate: Annotated[
        float, typer.Option(min=0, max=1, help="After that, this share of batches meets a habit.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Which course chance takes.")] = 0,
    slow_seconds: Annotated[float, typer.Option(min=0, help="How late the habit slow is.")] = 35,
    answer_to: Annotated[
        str | None, typer.Option(metavar="URL", help="Where to bring receipts: the sender's end.")
    ] = None,
) -> None:
    # Whoever shares the environment: a partner's end is one process, and calls nobody's workers.
    settings = here.settings().model_copy(update={"engine": "threads"})
    back = None if answer_to is None else base_url(answer_to)
    plan = _plan(faults, rate=faults_rate, seed=seed, answer_to=back)
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
    manners = Manners(
        plan=plan,
        sender=OTHER_END,
        folder=settings.home,
        bytes_max=settings.body_bytes_max,
        slow_seconds=slow_seconds,
        answer_to=back,
    )
    good = not plan.left and not faults_rate
    around = None if good else lambda honest: Misbehaviour(honest, house, manners)
    _serve(house, settings, host=host, port=port, around=around)


def _plan(faults: str, *, rate: float, seed: int, answer_to: str | None) -> Plan:
    """The plan of the options. What is no habit, or has no address to go to, is a usage error."""
    try:
        plan = Plan.read(faults, rate=rate, seed=seed, back=answer_to is not None)
    except ValueError as word:
        raise typer.BadParameter(
            f"{word} is no habit; --help names them", param_hint="--faults"
        ) from word
    if answer_to is None and BRINGING & set(plan.left):
        raise typer.BadParameter(
            f"{' and '.join(sorted(BRINGING))} bring something to the sender: give its address",
            param_hint="--answer-to",
        )
    return plan


def _serve(
    house: House, settings: Settings, *, host: str, port: int, around: Around | None = None
) -> None:
    # The server restores this handler when it is done and calls it again: without it the process
    # would be gone before its worker could finish what it is transmitting.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(exits.DONE))
    answer.talk(f"{house.programme} is served at http://{host}:{port}; Ctrl-C stops it.")
    try:
        serve_until_told(house, settings, host=host, port=port, around=around)
    except OSError as error:
        raise NotReady("MRX-9011", because=error.strerror, host=host, port=port) from error
    finally:
        house.database.close()

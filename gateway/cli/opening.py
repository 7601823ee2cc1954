"""`mrx open`: believe a sealed file, or say why not. It needs no home."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, files
from gateway.cli.nouns import noun
from gateway.cli.options import moment
from signing.open import FILE_BYTES_MAX, open_sealed

app = noun()


@app.command("open", epilog="Example: mrx open batch-7.p7m --certificate us-ctpat.crt > batch.xml")
def open_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A .p7m file; '-' is stdin.")],
    *,
    certificate: Annotated[
        list[str], typer.Option(metavar="PEM", help="Whom to believe; may be repeated.")
    ],
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Judge as of this moment (now).")
    ] = None,
) -> None:
    """Verify a sealed file and put its content on stdout.

    What comes out is exactly what was signed. What is not believed comes out not at all: exit 1,
    with the code of why.
    """
    when = moment("--at", at, now=datetime.now(UTC))
    trusted = [files.read_certificate(path) for path in certificate]
    opened = open_sealed(files.read(file, bytes_max=FILE_BYTES_MAX), trusted, when)
    files.write(files.STDOUT, opened.content)
    claimed = "" if opened.claimed_at is None else f", it says at {opened.claimed_at:%FT%TZ}"
    answer.talk(f"Signed under {opened.signer.fingerprint} ({opened.signer.subject}){claimed}.")

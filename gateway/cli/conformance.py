"""`mrx conformance`: a partner's endpoint, checked from the outside."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import answer, exits, files
from gateway.cli.connecting import base_url
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from gateway.conformance.lane import HOME, Pair
from gateway.conformance.report import Finding, Report, Result, examine
from gateway.conformance.run import Run
from mappers import MAPPERS
from outbox import call
from partners import seed
from schemas.errors import BadRequest
from signing import keys
from signing.keys import SigningKey
from signing.open import FILE_BYTES_MAX

COLUMNS = ("result", "check", "claim", "because")
REQUEST_SECONDS = 30
KEY, STRANGER, TOLD = "conformance.key", "stranger.key", "told.txt"

app = noun()


@app.command(
    epilog="Example: mrx conformance https://neec.example --programme mx-neec --certificate neec.crt"
)
def conformance(
    url: Annotated[str, typer.Argument(metavar="URL", help="The base URL of the endpoint.")],
    *,
    programme: Annotated[str, typer.Option(metavar="CODE", help="Whose endpoint it is.")],
    certificate: Annotated[
        str, typer.Option(metavar="FILE", help="The certificate it signs with, PEM or DER.")
    ],
    key_home: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the key of the checks is kept.")
    ] = Path("conformance"),
    limit: Annotated[
        int, typer.Option(min=1, help="The largest file the endpoint takes, in bytes.")
    ] = FILE_BYTES_MAX,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report as text, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a partner's endpoint against the rules of the exchange.

    Against a test system only: it plays us-ctpat with a key of its own and invented members, and
    opens new epochs. The first run makes the key and ends with exit 6: let the endpoint pin the
    certificate it names in place of the real one, and run it again. Exit 3 means that a check
    failed.
    """
    if programme not in MAPPERS:
        raise BadRequest("MRX-5001")
    address = base_url(url)
    theirs = files.read_certificate(certificate)
    key = _key(key_home)
    pair = Pair(programme=programme, mapper=MAPPERS[programme], text=_text(programme), key=key)
    connections = call.pool()
    try:
        findings = examine(
            Run(
                url=address,
                pair=pair,
                stranger=_made(key_home / STRANGER),
                trusted=[theirs],
                told=key_home / TOLD,
                limit=timedelta(seconds=REQUEST_SECONDS),
                bytes_max=limit,
                connections=connections,
            ),
            done=_hint,
        )
    finally:
        connections.close()
    found = Report(url=address, programme=programme, at=datetime.now(UTC), findings=findings)
    if report is not None:
        files.write(report, found.text().encode())
    if as_json:
        answer.one(found.facts(), json=True)
    else:
        checks = found.facts()["checks"]
        assert isinstance(checks, list), "the report lists its checks"
        answer.many(COLUMNS, checks, json=False)
    answer.talk(", ".join(f"{found.count(result)} {result.value}" for result in Result) + ".")
    if found.count(Result.FAILED):
        raise typer.Exit(exits.REJECTED)


def _key(folder: Path) -> SigningKey:
    """The key of the checks. One that was made just now is pinned nowhere: exit 6."""
    if (folder / KEY).exists():
        return _made(folder / KEY)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadRequest("MRX-5012", because=error.strerror) from error
    key = _made(folder / KEY)
    place = (folder / KEY).with_suffix(".crt")
    answer.talk(
        f"Let the endpoint pin {place} as the certificate of {HOME} (SHA-256 "
        f"{key.certificate.fingerprint}), then run this again."
    )
    raise typer.Exit(exits.WAITS)


def _made(path: Path) -> SigningKey:
    """The key at a path, made if there is none; a half-made one is finished."""
    if path.exists() and path.with_suffix(".crt").exists():
        return keys.load(path)
    return keys.create(path, f"mrx conformance {path.stem}", datetime.now(UTC))


def _text(programme: str) -> str:
    """A consent text of ours that names this programme."""
    return next(text.id for text in seed.texts(HOME).values() if programme in text.programmes)


def _hint(finding: Finding) -> None:
    if finding.result is Result.FAILED:
        answer.talk(f"failed: {finding.check}: {finding.because}")

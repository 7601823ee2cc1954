"""`mrx backup`: a copy of the whole gateway in one file, made while it runs; and a look into one."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gateway.backup import making, verifying
from gateway.backup.manifest import Manifest
from gateway.cli import answer, here, progress
from gateway.cli.options import AsJson

MAKE = "make"


class _Backup(TyperGroup):
    """`mrx backup DESTINATION` is short for `mrx backup make DESTINATION`."""

    def parse_args(self, ctx: Any, args: Any) -> Any:
        known = {*self.commands, "--help", "-h"}
        if args and not known & {args[0]}:
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_Backup, no_args_is_help=True, add_completion=False, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A file that `mrx backup` made.")]
Fingerprint = Annotated[
    str | None,
    typer.Option(
        "--fingerprint",
        metavar="SHA256",
        help="Of the certificate that must have signed it; needed where the home folder has none.",
    ),
]


@app.command(MAKE, epilog="Example: mrx backup make /var/backups/mrx")
def make(
    destination: Annotated[
        Path, typer.Argument(metavar="DESTINATION", help="A new file, or a folder to put it in.")
    ],
    *,
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Private keys too, if they are under a passphrase; without, they are needed where "
            "it is restored.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the whole gateway into one new file, while it runs.

    `mrx backup DESTINATION` is enough. All of it is company data: the file is for its owner alone
    (mode 0600); encrypt it where it travels. It is there whole or not at all, and replaces nothing.
    A gateway on PostgreSQL needs `pg_dump`, of the server's version or newer.
    """
    now = datetime.now(UTC)
    with here.house() as house, progress.bar("backup", total=None) as show:
        made = making.make(
            house, destination, with_keys=with_keys, by=here.who(), now=now, show=show
        )
    facts = {"file": str(made.file), "bytes": made.bytes, **_facts(made.manifest)}
    answer.one(facts, json=as_json)
    if not with_keys:
        answer.talk("Private keys are not in it: keep a copy of them elsewhere.")


@app.command(epilog="Example: mrx backup verify mrx-us-ctpat-20261122T060000Z.zip")
def verify(file: File, *, fingerprint: Fingerprint = None, as_json: AsJson = False) -> None:
    """Read a backup to its last byte: parts, signature, ledger, counts. Nothing is changed.

    Whose it must be is said by --fingerprint, or by the certificates in the home folder; where there
    is neither, its own certificate is shown, to be compared.
    """
    now = datetime.now(UTC)
    trusted = verifying.at_home(here.settings().home)
    with progress.bar(file.name, total=None) as show:
        found = verifying.verify(
            file,
            trusted=trusted,
            demand=lambda said: verifying.demand_signer(said, fingerprint),
            now=now,
            show=show,
        )
    known = found.known or fingerprint is not None
    facts = {"signed_by": found.signed_by, "known": known, **_facts(found.manifest)}
    answer.one(facts, json=as_json)
    if not known:
        answer.talk("Nobody here knows that certificate: compare its fingerprint.")


def _facts(made: Manifest) -> answer.Facts:
    facts = made.facts
    lanes: Sequence[answer.Facts] = [asdict(place) for place in facts.lanes]
    return {
        "made_at": made.made_at,
        "made_by": made.made_by,
        "programme": facts.programme,
        "version": made.version,
        "database": made.database,
        "schema": facts.schema,
        "certificate": made.certificate,
        "with_keys": made.with_keys,
        "ledger_size": facts.ledger_size,
        "ledger_digest": facts.ledger_digest,
        "rows": sum(facts.rows.values()),
        "lanes": lanes,
    }

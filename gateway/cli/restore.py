"""`mrx restore`: a gateway made of a backup."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.backup import restoring
from gateway.cli import answer, here, progress
from gateway.cli.backup import File, Fingerprint
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun

KeepAccess = Annotated[
    bool,
    typer.Option(
        "--keep-access",
        help="Tokens and passwords stay as they were in the backup: for a drill, or where none was "
        "taken back since.",
    ),
]

app = noun()


@app.command(epilog="Example: mrx restore mrx-us-ctpat-20261122T060000Z.zip --dry-run")
def restore(
    file: File,
    *,
    fingerprint: Fingerprint = None,
    keep_access: KeepAccess = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a gateway of a backup, in an empty home folder or an empty database.

    The keys lie in the home folder already, or come with the backup. Nothing is ever overwritten.
    All lanes have a new epoch then and are shut: `mrx serve` asks each partner what was missed, and
    opens them one by one. Nobody is announced before the source has pushed its consents anew
    (`mrx restored show` says since when). Sessions end, and so do tokens and passwords, unless
    --keep-access. A dry run reads all of it and says what it is.
    """
    now, settings = datetime.now(UTC), here.settings()
    with progress.bar(file.name, total=None) as show:
        if dry_run:
            found = restoring.rehearse(settings, file, fingerprint=fingerprint, now=now, show=show)
            ended: answer.Facts = {}
        else:
            done = restoring.restore(
                settings,
                file,
                fingerprint=fingerprint,
                keep_access=keep_access,
                by=here.who(),
                now=now,
                show=show,
            )
            found, ended = done.backup, done.ended
    said = found.manifest
    facts = {
        "restored": not dry_run,
        "programme": said.facts.programme,
        "backup_made_at": said.made_at,
        "signed_by": found.signed_by,
        "schema": said.facts.schema,
        "ledger_size": said.facts.ledger_size,
        "ended": dict(ended),
    }
    answer.one(facts, json=as_json)
    if not dry_run:
        answer.talk("Start `mrx serve`: it asks each partner. See `mrx restored show`.")
        if not keep_access:
            answer.talk("Give people passwords (`mrx user reset`) and systems tokens anew.")

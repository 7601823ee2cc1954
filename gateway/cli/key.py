"""`mrx key`: our own keys. The next one is staged, fetched by partners, then activated."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import own_keys
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun
from gateway.own_keys import OwnKey
from schemas.errors import BadRequest

COLUMNS = ("fingerprint", "state", "not_before", "not_after", "seen_by", "file")

app = noun()


@app.command("list", epilog="Example: mrx key list")
def list_(*, as_json: AsJson = False) -> None:
    """List our keys: the current one, the next one and who has fetched it, and the retired."""
    with here.house() as house, house.database.read() as tx:
        found = [_facts(one) for one in own_keys.every(tx)]
    answer.many(COLUMNS, found, json=as_json)


@app.command(epilog="Example: mrx key stage")
def stage(*, as_json: AsJson = False) -> None:
    """Make the next key, so that partners can pin its certificate before it signs anything.

    They fetch it from GET /v1/partner/certificates; `mrx key list` says who has. Again changes
    nothing.
    """
    with here.house() as house:
        folder = here.settings().home
        certificate, new = own_keys.stage(house, folder, by=here.who(), now=datetime.now(UTC))
    facts = {
        "fingerprint": certificate.fingerprint,
        "not_after": certificate.not_after,
        "file": str(own_keys.NEXT),
        "changed": new,
    }
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx key activate --dry-run")
def activate(
    *,
    although_unseen: Annotated[
        bool,
        typer.Option(
            "--although-unseen", help="Even if a partner has not fetched it: it may refuse us."
        ),
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Sign with the next key from now on. The old key is kept, and signs nothing more.

    A server that is running goes on with the old key until it is started again. Partners refuse
    what is signed under a certificate they have not pinned; so a key that some connected partner
    never fetched is not activated unless you say so.
    """
    now = datetime.now(UTC)
    with here.house() as house:
        with house.database.read() as tx:
            following = [one for one in own_keys.every(tx) if one.state == "next"]
            unaware = own_keys.unaware(tx, following[0]) if following else []
        if not following:
            raise BadRequest("MRX-5023")
        if unaware and not (dry_run or although_unseen):
            raise BadRequest("MRX-5030", partners=" ".join(unaware))
        if not dry_run:
            own_keys.activate(house, here.settings().home, by=here.who(), now=now)
    facts = {
        "fingerprint": following[0].certificate.fingerprint,
        "retired": house.key.certificate.fingerprint,
        "unaware": unaware,
        "changed": not dry_run,
    }
    answer.one(facts, json=as_json)
    if unaware:
        partners = ", ".join(unaware)
        answer.talk(f"Warning: {partners} never fetched this certificate: they may refuse us.")
    if not dry_run:
        answer.talk("Start the server again: until then it signs with the old key.")


def _facts(one: OwnKey) -> answer.Facts:
    return {
        "fingerprint": one.certificate.fingerprint,
        "state": one.state,
        "not_before": one.certificate.not_before,
        "not_after": one.certificate.not_after,
        "seen_by": list(one.seen_by),
        "file": one.file,
        "created_at": one.created_at,
    }

"""`mrx key`: our own keys. The next one is staged, fetched by partners, then activated."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import own_keys
from gateway.acts import keys
from gateway.cli import answer, approval, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.own_keys import OwnKey

COLUMNS = ("fingerprint", "state", "not_before", "not_after", "seen_by", "file", "kept")
PROTECTED = ("file", "kept", "changed", "because")

app = noun()


@app.command("list", epilog="Example: mrx key list")
def list_(*, as_json: AsJson = False) -> None:
    """List our keys: the current one, the next one and who has fetched it, and the retired."""
    with here.house() as house, house.database.read() as tx:
        found = [_facts(one, own_keys.kept(house.folder, one)) for one in own_keys.every(tx)]
    answer.many(COLUMNS, found, json=as_json)


@app.command(epilog="Example: mrx key stage")
def stage(*, as_json: AsJson = False) -> None:
    """Make the next key, so that partners can pin its certificate before it signs anything.

    They fetch it from GET /v1/partner/certificates; `mrx key list` says who has. Again changes
    nothing.
    """
    with here.house() as house:
        certificate, new = keys.stage(house, at_the_shell(here.who()), now=datetime.now(UTC))
    facts = {
        "fingerprint": certificate.fingerprint,
        "not_after": certificate.not_after,
        "file": str(own_keys.NEXT),
        "changed": new,
    }
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx key activate --reason 'the old one ends in May'")
def activate(
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the ledger.")] = None,
    although_unseen: Annotated[
        bool,
        typer.Option(
            "--although-unseen", help="Even if a partner has not fetched it: it may refuse us."
        ),
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Ask that the next key signs from now on; a second person makes it so (exit 6).

    The old key is kept, and signs nothing more. A server that is running goes on with the old key
    until it is started again. Partners refuse what is signed under a certificate they have not
    pinned; so a key that some connected partner never fetched is not activated unless you say so.
    """
    now = datetime.now(UTC)
    with here.house() as house:
        with house.database.read() as tx:
            ours = own_keys.every(tx)
            following = keys.following_of(ours)
            unaware = own_keys.unaware(tx, following)
        if unaware and (dry_run or although_unseen):
            partners = ", ".join(unaware)
            answer.talk(f"Warning: {partners} never fetched this certificate: they may refuse us.")
        if dry_run:
            facts = {
                "fingerprint": following.certificate.fingerprint,
                "retires": house.key.certificate.fingerprint,
                "unaware": unaware,
                "changed": False,
            }
            answer.one(facts, json=as_json)
            return
        if reason is None:
            raise typer.BadParameter("say why", param_hint="--reason")
        why, actor = one_line(reason), at_the_shell(here.who())
        asked = keys.activate(house, actor, although_unseen=although_unseen, reason=why, now=now)
    approval.waits(asked, as_json=as_json)
    answer.talk("When it is done, start the server again: until then it signs with the old key.")
    raise typer.Exit(exits.WAITS)


@app.command(epilog="Example: mrx key protect")
def protect(*, as_json: AsJson = False) -> None:
    """Write our keys' files anew under the passphrase of MRX_KEY_PASSPHRASE_FILE.

    The keys, their certificates and what partners have pinned stay. To change the passphrase put
    the new one on the first line and the old one below it, call this, and then take the old one
    away. What is in a token stays there. Again changes nothing; exits with 3 if a file could not
    be opened.
    """
    with here.house() as house:
        done = keys.protect(house, at_the_shell(here.who()), now=datetime.now(UTC))
    answer.many(PROTECTED, [asdict(one) for one in done], json=as_json)
    if any(one.kept is None for one in done):
        raise typer.Exit(exits.REJECTED)


@app.command(epilog="Example: mrx key retire --reason 'its file was copied'")
def retire(reason: Reason, *, as_json: AsJson = False) -> None:
    """Take the next key back before it signs anything. Its file is kept, and signs nothing."""
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        certificate = keys.retire(house, actor, reason=why, now=datetime.now(UTC))
    answer.one({"fingerprint": certificate.fingerprint, "changed": True}, json=as_json)


def _facts(one: OwnKey, kept: str | None) -> answer.Facts:
    return {
        "fingerprint": one.certificate.fingerprint,
        "state": one.state,
        "not_before": one.certificate.not_before,
        "not_after": one.certificate.not_after,
        "seen_by": list(one.seen_by),
        "file": one.file,
        "kept": kept,
        "created_at": one.created_at,
    }

"""`mrx partner certificates` and the two words about one: a partner's next certificate."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import keys
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner, Reason, one_line
from gateway.identity.actor import at_the_shell
from partners import agreements, certificates, staged_certificates
from partners.staged_certificates import Staged, State

COLUMNS = ("fingerprint", "state", "not_before", "not_after", "staged_at", "approved_by")

Fingerprint = Annotated[
    str, typer.Argument(metavar="FINGERPRINT", help="The SHA-256 of the certificate, hex.")
]

app = noun()


@app.command("certificates", epilog="Example: mrx partner certificates mx-neec")
def list_(code: Partner, *, as_json: AsJson = False) -> None:
    """List a partner's certificates: those that are pinned, and those that wait to be."""
    with here.house() as house, house.database.read() as tx:
        agreements.get(tx, code)
        pinned: list[answer.Facts] = [
            {
                "fingerprint": one.fingerprint,
                "state": State.PINNED.value,
                "not_before": one.not_before,
                "not_after": one.not_after,
                "staged_at": None,
                "staged_under": None,
                "approved_by": None,
                "approved_at": None,
            }
            for one in certificates.pinned(tx, code)
        ]
        waiting = [facts(one) for one in staged_certificates.every(tx, partner=code)]
    answer.many(COLUMNS, [*pinned, *waiting], json=as_json)


@app.command(
    "approve-certificate",
    epilog=f"Example: mrx partner approve-certificate mx-neec {'0123456789abcdef' * 4}",
)
def approve(code: Partner, fingerprint: Fingerprint, *, as_json: AsJson = False) -> None:
    """Approve a partner's next certificate; the second person's yes pins it.

    Compare the fingerprint with the partner first, over another way than this exchange.
    """
    with here.house() as house:
        waiting, state = keys.approve_theirs(
            house,
            at_the_shell(here.who()),
            _read(fingerprint),
            now=datetime.now(UTC),
            partner=code,
        )
    _said(waiting, state, as_json=as_json)


@app.command(
    "reject-certificate",
    epilog=f"Example: mrx partner reject-certificate mx-neec {'0123456789abcdef' * 4}"
    " --reason 'they did not ask for it'",
)
def reject(
    code: Partner, fingerprint: Fingerprint, reason: Reason, *, as_json: AsJson = False
) -> None:
    """Reject a partner's next certificate: it waits no longer. The partner may ask again."""
    with here.house() as house:
        waiting = keys.reject_theirs(
            house,
            at_the_shell(here.who()),
            _read(fingerprint),
            reason=one_line(reason),
            now=datetime.now(UTC),
            partner=code,
        )
    _said(waiting, State.REJECTED, as_json=as_json)


@app.command(
    "withdraw-certificate",
    epilog=f"Example: mrx partner withdraw-certificate mx-neec {'0123456789abcdef' * 4}"
    " --reason 'their key was stolen'",
)
def withdraw(code: Partner, fingerprint: Fingerprint, reason: Reason) -> None:
    """Take a pinned certificate off, at once: nothing signed under it is believed any more.

    For a key that is lost or stolen. Without another valid certificate nothing is announced to
    the partner; `mrx partner connect` pins one again.
    """
    with here.house() as house:
        keys.withdraw_theirs(
            house,
            at_the_shell(here.who()),
            code,
            _read(fingerprint),
            typed=_read(fingerprint)[: keys.TYPED_CHARS],  # the whole of it was given
            reason=one_line(reason),
            now=datetime.now(UTC),
        )
    answer.talk(f"{code}: the certificate is off. Nothing signed under it is believed any more.")


def facts(one: Staged) -> answer.Facts:
    """A certificate that waits, as it is shown."""
    return {
        "fingerprint": one.certificate.fingerprint,
        "state": one.state.value,
        "not_before": one.certificate.not_before,
        "not_after": one.certificate.not_after,
        "staged_at": one.staged_at,
        "staged_under": one.under,
        "approved_by": one.approved_by,
        "approved_at": one.approved_at,
    }


def _read(fingerprint: str) -> str:
    """The fingerprint as we keep it; openssl writes it in capitals, with colons."""
    return fingerprint.replace(":", "").lower()


def _said(waiting: Staged, state: State, *, as_json: bool) -> None:
    told = {
        "partner": waiting.certificate.partner,
        "fingerprint": waiting.certificate.fingerprint,
        "state": state.value,
    }
    answer.one(told, json=as_json)
    if state is State.APPROVED_ONCE:
        answer.talk("A second person has to approve it before it is pinned.")

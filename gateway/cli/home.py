"""`mrx init` and `mrx certificate`: this gateway itself."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from gateway.home import ADMINISTRATOR, first_administrator
from gateway.home import init as make
from gateway.identity.roles import Role
from gateway.settings import Settings
from outbox.house import House
from partners import agreements
from schemas.errors import NotReady

DEFAULT_HOME = "us-ctpat"

app = noun()


@app.command(epilog="Example: mrx init --home us-ctpat")
def init(
    *,
    home: Annotated[
        str | None,
        typer.Option(metavar="PROGRAMME", help="The programme to speak for (us-ctpat)."),
    ] = None,
    admin: Annotated[
        bool,
        typer.Option(
            help="Make the console's first user, if there is none; its password is shown."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Make this gateway's database and keys, or bring them up to date.

    Safe to repeat: what is there is never replaced. A folder that is another programme's home is
    refused; without --home an existing one keeps its own. The first time it makes the user `admin`
    too and shows a one-time password; with an identity provider take --no-admin.
    """
    settings = here.settings()
    house = _make(settings, home)
    try:
        password = _first_administrator(house) if admin else None
        with house.database.read() as tx:
            partners = [one.agreement.partner for one in agreements.every(tx)]
        certificate = house.key.certificate
        facts = {
            "home": house.programme,
            "folder": str(settings.home.resolve()),
            "certificate": certificate.fingerprint,
            "valid_until": certificate.not_after,
            "partners": partners,
        }
    finally:
        house.database.close()
    answer.one(facts, json=as_json)
    _tell(password, as_json=as_json)


def _first_administrator(house: House) -> str | None:
    return first_administrator(house, {Role.ADMIN}, now=datetime.now(UTC))


def _tell(password: str | None, *, as_json: bool) -> None:
    """On stderr, and to people only: what a program writes down is read for years. A crash before
    this leaves a password that nobody knows; `mrx user reset admin` makes another.
    """
    if password is None:
        return
    answer.talk(f"The console's first user is {ADMINISTRATOR}, with the role admin.")
    if as_json:
        answer.talk(f"For a password: mrx user reset {ADMINISTRATOR} --reason 'first sign-in'")
    else:
        answer.talk(f"One-time password, shown this once: {password}")
        answer.talk("Operators and others: mrx user create NAME --role ROLE")


def _make(settings: Settings, home: str | None) -> House:
    try:
        return make(settings, home or DEFAULT_HOME)
    except NotReady as other:
        if home is not None or other.code != "MRX-9003":
            raise
        return make(settings, str(other.facts["found"]))


@app.command(epilog="Example: mrx certificate > us-ctpat.crt")
def certificate() -> None:
    """Put our own certificate on stdout, in PEM.

    Partners pin it: they believe what is signed under it, and nothing else of ours.
    """
    with here.house() as house:
        sys.stdout.write(house.key.certificate.pem)

"""`mrx token`: shown once, proved by its secret alone, ended for good."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import tokens
from gateway.home import open_home
from gateway.settings import Settings
from gateway.tokens import Scope, Token
from tests.gateway.cli.command import Mrx


def proved(mrx: Mrx, text: str, now: datetime | None = None) -> Token | None:
    house = open_home(Settings(home=mrx.home))
    try:
        with house.database.read() as tx:
            return tokens.proved(tx, text, now=now or datetime.now(UTC))
    finally:
        house.database.close()


def test_a_token_stands_alone_on_stdout_and_proves_its_scopes(mrx: Mrx):
    made = mrx("token", "create", "portal", "--scope", "push", "--scope", "read")

    text = made.stdout.removesuffix("\n")
    token = proved(mrx, text)
    assert token is not None
    assert (token.name, token.scopes) == ("portal", {Scope.PUSH, Scope.READ})
    assert (token.created_by, token.expires_at) == ("jdoe", None)
    assert "once" in made.stderr


def test_its_secret_is_shown_once_and_kept_nowhere(mrx: Mrx):
    made = mrx.json("token", "create", "portal", "--scope", "push")
    secret = made["token"].split("_", 2)[2]

    assert (made["name"], made["scopes"], made["expires_at"]) == ("portal", ["push"], None)
    assert secret not in mrx("token", "list", "--json").stdout
    for file in mrx.home.rglob("*"):
        assert file.is_dir() or secret.encode() not in file.read_bytes()


def test_a_token_ends_after_its_days(mrx: Mrx):
    text = mrx("token", "create", "portal", "--scope", "push", "--expires-days", "2").stdout.strip()
    now = datetime.now(UTC)

    assert proved(mrx, text, now + timedelta(days=1, hours=23)) is not None
    assert proved(mrx, text, now + timedelta(days=2, minutes=1)) is None


def test_a_revoked_token_proves_nothing_and_stays_in_the_list(mrx: Mrx):
    text = mrx("token", "create", "portal", "--scope", "push").stdout.strip()
    number = text.split("_")[1]

    ended = mrx.json("token", "revoke", number)

    assert proved(mrx, text) is None
    assert (ended["id"], ended["revoked_by"]) == (number, "jdoe")
    assert mrx.json("token", "list") == [ended]
    assert mrx.json("token", "revoke", number) == ended


def test_tokens_are_listed_by_lines(mrx: Mrx):
    mrx("token", "create", "portal", "--scope", "push")
    mrx("token", "create", "targeting", "--scope", "lookup", "--scope", "attach")

    cells = [line.split("\t") for line in mrx("token", "list").stdout.splitlines()]

    assert [(line[1], line[2]) for line in cells] == [
        ("portal", "push"),
        ("targeting", "attach lookup"),
    ]


def test_what_nobody_made_cannot_be_revoked(mrx: Mrx):
    assert "MRX-5013" in mrx("token", "revoke", "0123456789ab", code=1).stderr


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("portal",), id="no scope"),
        pytest.param(("portal", "--scope", "everything"), id="no such scope"),
        pytest.param((" ", "--scope", "push"), id="no name"),
        pytest.param(("a\tb", "--scope", "push"), id="a name of two cells"),
        pytest.param(("x" * 101, "--scope", "push"), id="a long name"),
        pytest.param(("portal", "--scope", "push", "--expires-days", "0"), id="over at once"),
    ],
)
def test_a_token_needs_a_name_and_a_scope(mrx: Mrx, words: tuple[str, ...]):
    mrx("token", "create", *words, code=2)

    assert mrx.json("token", "list") == []

"""`mrx user`: people who may sign in, made and ended from the shell."""

import orjson
import pytest
from sqlalchemy import select

from gateway.home import open_home
from gateway.identity import signing_in, tries
from gateway.settings import Settings
from schemas.errors import BadRequest
from schemas.tables import ledger
from tests.gateway.cli.command import Mrx

WHY = ("--reason", "as the tests ask")


def entries(mrx: Mrx, kind: str) -> list[dict[str, object]]:
    house = open_home(Settings(home=mrx.home))
    with house.database.read() as tx:
        rows = tx.execute(select(ledger.c.entry).where(ledger.c.kind == kind)).all()
    house.database.close()
    return [orjson.loads(row.entry) for row in rows]


def signs_in(mrx: Mrx, name: str, password: str) -> str:
    """How a sign-in with this password ends: a code, or nothing."""
    from datetime import UTC, datetime

    house = open_home(Settings(home=mrx.home))
    try:
        there, now = tries.address("192.0.2.10"), datetime.now(UTC)
        signing_in.by_password(house, name, password, source=there, now=now)
    except BadRequest as refused:
        return refused.code
    finally:
        house.database.close()
    return ""


def test_a_password_stands_alone_on_stdout_and_signs_in(mrx: Mrx):
    made = mrx("user", "create", "maria", "--role", "operator", "--role", "viewer")

    assert signs_in(mrx, "maria", made.stdout.removesuffix("\n")) == ""
    assert "once" in made.stderr
    (shown,) = (user for user in mrx.json("user", "list") if user["name"] == "maria")
    assert (shown["roles"], shown["state"]) == (["operator", "viewer"], "one-time password")
    assert entries(mrx, "user made")[-1] == {
        "user": "maria",
        "roles": ["operator", "viewer"],
        "by": "jdoe",
    }


def test_a_password_is_kept_nowhere(mrx: Mrx):
    password = mrx.json("user", "create", "maria", "--role", "viewer")["password"]

    assert password not in mrx("user", "list", "--json").stdout
    for file in mrx.home.rglob("*"):
        assert file.is_dir() or password.encode() not in file.read_bytes()


def test_somebody_of_the_provider_has_no_password(mrx: Mrx):
    issuer = "https://login.example"

    made = mrx.json(
        "user", "create", "li", "--role", "viewer", "--subject", "7", "--issuer", issuer
    )
    assert (made["password"], made["signs_in"], made["subject"]) == (None, issuer, "7")

    mrx("user", "create", "lu", "--role", "viewer", "--subject", "8", code=2)
    by_setting = Mrx(
        mrx.home,
        {
            "MRX_OIDC_ISSUER": issuer,
            "MRX_OIDC_CLIENT_ID": "mrx",
            "MRX_CONSOLE_URL": "https://mrx.example/console",
        },
    ).json("user", "create", "lu", "--role", "viewer", "--subject", "8")
    assert by_setting["signs_in"] == issuer
    refused = mrx("user", "reset", "li", *WHY, code=1)
    assert "MRX-7031" in refused.stderr


@pytest.mark.parametrize(
    ("name", "code"), [("maria", "MRX-5061"), ("Not a name", "MRX-5062"), ("x", "MRX-5062")]
)
def test_a_name_that_does_not_do_is_refused(mrx: Mrx, name: str, code: str):
    mrx("user", "create", "maria", "--role", "viewer")

    assert code in mrx("user", "create", name, "--role", "viewer", code=1).stderr


def test_a_role_must_be_given_and_be_one(mrx: Mrx):
    mrx("user", "create", "maria", code=2)
    mrx("user", "create", "maria", "--role", "emperor", code=2)


def test_roles_are_changed_with_a_reason(mrx: Mrx):
    mrx("user", "create", "maria", "--role", "viewer")

    mrx("user", "roles", "maria", "--role", "approver", code=2)
    mrx("user", "roles", "maria", "--role", "approver", *WHY)

    shown = mrx.json("user", "show", "maria")
    assert (shown["roles"], shown["rights"]) == (["approver"], ["approve", "see"])
    assert entries(mrx, "roles changed")[-1]["reason"] == WHY[1]


def test_nobody_changes_their_own_from_the_shell_either(mrx: Mrx):
    mrx("user", "create", "jdoe", "--role", "viewer")

    for act in (("roles", "jdoe", "--role", "admin"), ("disable", "jdoe")):
        assert "MRX-7029" in mrx("user", *act, *WHY, code=1).stderr
    assert len(entries(mrx, "act refused")) == 2


def test_a_disabled_user_cannot_sign_in_until_enabled(mrx: Mrx):
    password = mrx("user", "create", "maria", "--role", "viewer").stdout.strip()

    assert mrx.json("user", "disable", "maria", *WHY)["state"] == "disabled"
    assert signs_in(mrx, "maria", password) == "MRX-7019"
    mrx("user", "enable", "maria", *WHY)
    assert signs_in(mrx, "maria", password) == ""
    assert entries(mrx, "user disabled")[-1]["by"] == "jdoe"


@pytest.mark.slow
def test_a_reset_password_replaces_the_old_one(mrx: Mrx):
    old = mrx("user", "create", "maria", "--role", "viewer").stdout.strip()

    new = mrx("user", "reset", "maria", *WHY).stdout.strip()

    assert (signs_in(mrx, "maria", old), signs_in(mrx, "maria", new)) == ("MRX-7019", "")
    assert entries(mrx, "password reset")[-1] == {
        "user": "maria",
        "by": "jdoe",
        "reason": WHY[1],
    }


def test_there_is_no_user_of_that_name(mrx: Mrx):
    for act in (("show", "nobody"), ("disable", "nobody", *WHY), ("reset", "nobody", *WHY)):
        assert "MRX-5063" in mrx("user", *act, code=1).stderr


# -- the first one ---------------------------------------------------------------------------------


def test_init_makes_the_first_administrator_and_shows_the_password_once(tmp_path):
    mrx = Mrx(tmp_path / "home")

    first, second = mrx("init"), mrx("init")

    (line,) = (line for line in first.stderr.splitlines() if "One-time password" in line)
    password = line.rpartition(" ")[2]
    assert signs_in(mrx, "admin", password) == ""
    assert password not in first.stdout
    assert "password" not in second.stderr
    (user,) = mrx.json("user", "list")
    assert (user["name"], user["roles"], user["created_by"]) == ("admin", ["admin"], "mrx init")


@pytest.mark.slow
def test_init_shows_no_password_to_a_program(tmp_path):
    mrx = Mrx(tmp_path / "home")

    said = mrx("init", "--json")

    assert '"password"' not in said.stdout
    assert "One-time" not in said.stderr
    assert "mrx user reset admin" in said.stderr
    password = mrx("user", "reset", "admin", *WHY).stdout.strip()
    assert signs_in(mrx, "admin", password) == ""


@pytest.mark.slow
def test_init_makes_nobody_where_told_so_or_where_somebody_is(tmp_path):
    mrx = Mrx(tmp_path / "home")

    mrx("init", "--no-admin")
    assert mrx.json("user", "list") == []

    mrx("user", "create", "maria", "--role", "admin")
    mrx("init")
    assert [user["name"] for user in mrx.json("user", "list")] == ["maria"]

"""Whom the identity provider names: let in, made a user, or refused."""

from datetime import UTC, datetime

import pytest

from gateway.console.page import COOKIE
from gateway.identity import users
from gateway.identity.roles import Role
from gateway.identity.users import PROVIDED
from outbox.house import House
from tests.gateway.identity.browser import at, entries, sign_in
from tests.gateway.identity.provider import Provider
from tests.gateway.identity.somebody import name


def test_the_first_sign_in_makes_a_user_with_the_roles_the_provider_names(
    house: House, there: Provider
):
    there.person["roles"] = ["viewer", "operator", "offline_access"]
    client = at(house, there)

    answer = sign_in(client)

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert client.get("/console/account").status_code == 200
    with house.database.read() as tx:
        user = users.named(tx, there.person["preferred_username"])
    assert user.roles == {Role.VIEWER, Role.OPERATOR}
    assert (user.issuer, user.created_by, user.one_time) == (there.issuer, PROVIDED, False)
    assert any(
        user.name in entry and there.issuer in entry for entry in entries(house, "signed in")
    )


def test_the_second_sign_in_finds_the_user_and_takes_the_roles_of_now(
    house: House, there: Provider
):
    sign_in(at(house, there))
    there.person |= {"roles": ["auditor"], "preferred_username": "another-name"}

    answer = sign_in(at(house, there))

    assert answer.status_code == 303
    with house.database.read() as tx:
        user = users.by_subject(tx, there.issuer, there.person["sub"])
        assert user is not None
        assert user.name != "another-name"
    assert user.roles == {Role.AUDITOR}
    assert any(user.name in entry for entry in entries(house, "roles changed"))


@pytest.mark.slow
@pytest.mark.parametrize("roles", [[], ["offline_access"], None, {"viewer": True}, 7])
def test_who_has_no_role_is_refused_and_made_no_user(house: House, there: Provider, roles: object):
    there.person["roles"] = roles
    client = at(house, there)

    answer = sign_in(client)

    assert answer.status_code == 403
    assert "MRX-7028" in answer.text
    assert COOKIE not in client.cookies
    with house.database.read() as tx:
        assert users.by_subject(tx, there.issuer, there.person["sub"]) is None
    assert any("MRX-7028" in entry for entry in entries(house, "sign-in refused"))


def test_who_has_no_role_any_more_is_refused_and_signed_out(house: House, there: Provider):
    client = at(house, there)
    sign_in(client)
    assert client.get("/console/account").status_code == 200
    there.person["roles"] = []

    assert sign_in(at(house, there)).status_code == 403

    assert client.get("/console/account").status_code == 303


def test_a_disabled_user_is_refused(house: House, there: Provider):
    sign_in(at(house, there))
    with house.database.write() as tx:
        name = there.person["preferred_username"]
        users.disable(tx, name, by="test", now=datetime.now(UTC))

    answer = sign_in(at(house, there))

    assert (answer.status_code, "MRX-7028" in answer.text) == (403, True)


def test_nobody_takes_over_a_user_by_having_the_name(house: House, there: Provider):
    name = there.person["preferred_username"]
    with house.database.write() as tx:
        users.create(tx, name, {Role.ADMIN}, by="test", now=datetime.now(UTC))

    answer = sign_in(at(house, there))

    assert (answer.status_code, "MRX-5061" in answer.text) == (409, True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Ünicode", "a b", "x", "", None, "the identity provider"])
def test_a_name_that_is_none_is_refused(house: House, there: Provider, name: str | None):
    there.person["preferred_username"] = name

    answer = sign_in(at(house, there))

    assert (answer.status_code, "MRX-5062" in answer.text) == (422, True)


def test_a_user_entered_by_an_administrator_keeps_the_roles_given_here(
    house: House, there: Provider
):
    """Login.gov, say, names no roles."""
    with house.database.write() as tx:
        user = users.create(
            tx,
            name(),
            {Role.SECURITY_OFFICER},
            by="admin",
            now=datetime.now(UTC),
            issuer=there.issuer,
            subject=there.person["sub"],
        )
    del there.person["roles"]

    assert sign_in(at(house, there)).status_code == 303

    with house.database.read() as tx:
        assert users.get(tx, user.id).roles == {Role.SECURITY_OFFICER}


def test_the_providers_words_are_put_into_ours(house: House, there: Provider):
    there.person["realm_access"] = {"roles": ["customs-ops", "viewer"]}
    client = at(
        house,
        there,
        oidc_roles={"customs-ops": Role.OPERATOR},
        oidc_roles_claim="realm_access.roles",
    )

    assert sign_in(client).status_code == 303

    with house.database.read() as tx:
        user = users.by_subject(tx, there.issuer, there.person["sub"])
        assert user is not None
    assert user.roles == {Role.OPERATOR}


def test_a_claim_whose_name_has_dots_and_words_by_blank_are_read(house: House, there: Provider):
    there.person["https://mrx.example/roles"] = "auditor viewer"

    client = at(house, there, oidc_roles_claim="https://mrx.example/roles")

    assert sign_in(client).status_code == 303
    with house.database.read() as tx:
        user = users.by_subject(tx, there.issuer, there.person["sub"])
        assert user is not None
    assert user.roles == {Role.AUDITOR, Role.VIEWER}

"""What acts for two persons are tested with: people, and what the ledger says of them."""

import pytest

from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights


@pytest.fixture
def security() -> Actor:
    return Actor("sofia", rights({Role.SECURITY_OFFICER}))


@pytest.fixture
def engineer() -> Actor:
    return Actor("emil", rights({Role.PARTNER_ENGINEER}))


@pytest.fixture
def approver() -> Actor:
    return Actor("anna", rights({Role.APPROVER}))


@pytest.fixture
def viewer() -> Actor:
    return Actor("vera", rights({Role.VIEWER}))

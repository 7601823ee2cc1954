"""Whatever is sent to a door that its description allows or forbids, it answers as it says.

schemathesis makes the calls, from the descriptions alone: valid ones, and ones with a fault. Each
is sent with good credentials, then some with those of another audience, which open nothing whatever
else is sent; every other wrong credential is in `test_credentials` and `tests/gateway/doors`. The
descriptions have no links, so there are no steps to follow.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.transport.asgi import ASGI_TRANSPORT
from schemathesis.transport.requests import REQUESTS_TRANSPORT

from gateway.api.description import DOORS, described
from gateway.api.operators.acting import ROLES
from gateway.tokens import Scope
from outbox.transport import MEDIA_TYPE
from signing.keys import SigningKey
from signing.seal import seal
from tests.conftest import connected_world
from tests.gateway.api.doors import (
    OTHER,
    PARTNER,
    SAMPLES,
    application,
    signature,
    token,
)
from tests.world import World, member

QUICK = bool(os.environ.get("MRX_QUICK"))
EXAMPLES = 5 if QUICK else 20
WAIT_MAX = 60

load_all_checks()
# A file of random bytes, or a list of random lines, is allowed by any description, and not taken.
LEFT_OUT = [CHECKS.get_one("positive_data_acceptance")]

pytestmark = pytest.mark.filterwarnings(
    # About the description as a whole, which other tests read; and its own, in its own code.
    "ignore::UserWarning:schemathesis.*",
)


def without_credentials(door: str) -> Any:
    """The description of a door but for its credentials: they come with every call."""
    description = json.loads(described(door))
    for item in description["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    schema = schemathesis.openapi.from_dict(description)
    # `coverage` tries every bound of every parameter, one by one.
    schema.config.phases.update(
        phases=["examples", "fuzzing"] if QUICK else ["coverage", "fuzzing"]
    )
    return schema


def sealed(_context: Any, content: Any) -> dict[str, bytes]:
    """Half of the files are signed as they should be, so that what is in them is looked at."""
    raw = content if isinstance(content, bytes) else repr(content).encode()
    key = SIGNING.get("key")
    return {"data": seal(raw, key, datetime.now(UTC)) if key and sum(raw) % 2 else raw}


SIGNING: dict[str, SigningKey] = {}
"""With which key; the library knows no context to keep it in."""
for transport in (REQUESTS_TRANSPORT, ASGI_TRANSPORT):
    transport.serializer(MEDIA_TYPE)(sealed)

SOURCE, PARTNERS, OPERATORS = map(without_credentials, DOORS)


fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Bearer(requests.auth.AuthBase):
    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, sent: requests.PreparedRequest) -> requests.PreparedRequest:
        sent.headers["Authorization"] = f"Bearer {self.text}"
        return sent


class Signed(requests.auth.AuthBase):
    """Signs each request as it leaves, with its last address and query."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key

    def __call__(self, sent: requests.PreparedRequest) -> requests.PreparedRequest:
        assert sent.method
        url = urlsplit(str(sent.url))
        target = url.path + (f"?{url.query}" if "?" in str(sent.url) else "")
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
        sent.headers.update(signature(self.key, sent.method, target, content=body))
        return sent


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """Members held in Mexico and members of Mexico's held here; the calls may change what they can."""
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))
    world.push(member(SAMPLES["account"]), member("10000002"), member("10000003"))
    world.grant(SAMPLES["account"], "10000002")
    world.deliver()
    return world


@pytest.fixture(scope="module")
def app(world: World) -> FastAPI:
    return application(world.house)


@pytest.fixture(scope="module")
def bearer(world: World) -> Bearer:
    return Bearer(token(world.house, *Scope))


@pytest.fixture(scope="module")
def signed(world: World) -> Signed:
    SIGNING["key"] = world.partners[PARTNER].key
    return Signed(world.partners[PARTNER].key)


@pytest.mark.slow
@SOURCE.parametrize()
@fuzzed
def test_the_source_door(case: schemathesis.Case, app: FastAPI, bearer: Bearer):
    case.call_and_validate(app=app, auth=bearer, excluded_checks=LEFT_OUT)


@PARTNERS.parametrize()
@fuzzed
def test_the_partner_door(case: schemathesis.Case, app: FastAPI, signed: Signed):
    # A wait that is allowed would be waited for, as it should.
    if str(case.query.get("wait", "")).isdigit() and int(case.query["wait"]) <= WAIT_MAX:
        case.query["wait"] = 0
    case.call_and_validate(app=app, auth=signed, excluded_checks=LEFT_OUT)


@pytest.mark.slow
@OPERATORS.parametrize()
@fuzzed
def test_the_operators_door(case: schemathesis.Case, app: FastAPI, bearer: Bearer):
    case.call_and_validate(app=app, auth=bearer, excluded_checks=LEFT_OUT)


# -- the credentials of another audience -----------------------------------------------------------

SOURCES = [scope for scope in Scope if scope not in ROLES]
STRANGERS = settings(fuzzed, max_examples=max(2, EXAMPLES // 4))


@pytest.fixture(scope="module")
def source_bearer(world: World) -> Bearer:
    return Bearer(token(world.house, *SOURCES))


@pytest.fixture(scope="module")
def operators_bearer(world: World) -> Bearer:
    return Bearer(token(world.house, *ROLES))


def opens_nothing(case: schemathesis.Case, app: FastAPI, auth: Any) -> None:
    """It is refused for who asks; or for what is sent, where that cannot be read at all."""
    answer = case.call(app=app, auth=auth)
    told = answer.json()
    assert answer.status_code in {401, 403, 405, 413, 422}, answer.status_code
    if answer.status_code == 422:
        assert told["code"] == "MRX-7003", told


@SOURCE.parametrize()
@STRANGERS
def test_an_operators_token_at_the_source_door(
    case: schemathesis.Case, app: FastAPI, operators_bearer: Bearer
):
    opens_nothing(case, app, operators_bearer)


@OPERATORS.parametrize()
@STRANGERS
def test_a_source_s_token_at_the_operators_door(
    case: schemathesis.Case, app: FastAPI, source_bearer: Bearer
):
    opens_nothing(case, app, source_bearer)


@PARTNERS.parametrize()
@STRANGERS
def test_a_token_at_the_partner_door(case: schemathesis.Case, app: FastAPI, bearer: Bearer):
    if MEDIA_TYPE not in (case.media_type or ""):  # a signed file is a credential itself
        opens_nothing(case, app, bearer)


@OPERATORS.parametrize()
@STRANGERS
def test_a_partner_s_signature_at_the_operators_door(
    case: schemathesis.Case, app: FastAPI, signed: Signed
):
    opens_nothing(case, app, signed)

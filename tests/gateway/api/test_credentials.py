"""Nobody reads what is another's: every route of every door, with every wrong credential.

The routes come from the doors' own descriptions. A new one is tested by itself, and one that names
neither a scope nor a signature fails here.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway import tokens
from gateway.api.operators.acting import ROLES
from gateway.tokens import Scope
from signing import keys
from signing.seal import seal
from tests.conftest import connected_world
from tests.gateway.api.doors import (
    OTHER,
    PARTNER,
    Operation,
    application,
    bearer,
    operations,
    signature,
    token,
)
from tests.world import START, World

# Operations without any credential, each with its reason.
EVERYBODY: dict[str, str] = {}

WITH_TOKEN = [operation for operation in operations() if operation.scopes]
WITH_SIGNATURE = [operation for operation in operations() if operation.is_signed]
WITH_FILE = [operation for operation in operations() if operation.takes_a_file]
each_operation = pytest.mark.parametrize("operation", operations(), ids=str)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """us-ctpat with two partners; nothing here changes it."""
    return connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(application(world.house), raise_server_exceptions=False)


def refused(answer: Response, *statuses: int) -> None:
    """The answer is a problem of one of these statuses, and holds nothing else."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"].startswith("MRX-")


def call(client: TestClient, operation: Operation, headers: Mapping[str, str]) -> Response:
    body = operation.body()
    return client.request(
        operation.method,
        operation.url(),
        content=body.get("content"),
        headers={**body.get("headers", {}), **headers},
    )


@each_operation
def test_every_operation_names_its_credential(operation: Operation):
    """A scope at the doors for tokens; a signature, or a signed file, at the partner door."""
    if operation.door == "partner":
        known = operation.is_signed or operation.takes_a_file or str(operation) in EVERYBODY
        assert known
        assert not operation.scopes
    else:
        assert operation.scopes, "name the scope with `holding(Scope...)`"
        assert set(operation.scopes) <= set(Scope)
    if operation.door == "operators":
        assert set(operation.scopes) <= set(ROLES)


def test_what_is_open_to_everybody_is_still_there():
    assert EVERYBODY.keys() <= {str(operation) for operation in operations()}


@each_operation
def test_without_credentials_nobody_is_answered(client: TestClient, operation: Operation):
    if str(operation) not in EVERYBODY:
        refused(call(client, operation, {}), 401, 403)


# -- tokens ----------------------------------------------------------------------------------------

ALL = tuple(Scope)


def wrong_tokens() -> dict[str, Callable[[World], str]]:
    """What somebody might send who has no token, or has one no more."""

    def no_longer(world: World) -> str:
        text = token(world.house, *ALL)
        with world.house.database.write() as tx:
            tokens.revoke(tx, text.split("_")[1], by="test", now=datetime.now(UTC))
        return text

    def another_s_secret(world: World) -> str:
        one, two = token(world.house, *ALL), token(world.house, *ALL)
        return "_".join([*one.split("_")[:2], two.split("_", 2)[2]])

    def over(world: World) -> str:
        return token(world.house, *ALL, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    return {
        "nothing after the word": lambda _world: "",
        "garbage": lambda _world: "garbage",
        "a megabyte": lambda _world: "x" * (1 << 20),
        "the right shape": lambda _world: f"mrx_{'0' * 12}_{'A' * 43}",
        "another token's secret": another_s_secret,
        "revoked": no_longer,
        "expired": over,
        "another gateway's": lambda world: token(world.partners[PARTNER], *ALL),
    }


@pytest.fixture(scope="module", params=wrong_tokens())
def wrong_token(request: pytest.FixtureRequest, world: World) -> str:
    return wrong_tokens()[request.param](world)


@pytest.mark.parametrize("operation", WITH_TOKEN, ids=str)
def test_a_wrong_token_opens_nothing(client: TestClient, operation: Operation, wrong_token: str):
    answer = call(client, operation, bearer(wrong_token))

    refused(answer, 401)
    assert answer.json()["code"] == "MRX-7001"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", WITH_TOKEN, ids=str)
def test_every_other_scope_together_is_not_enough(
    client: TestClient, operation: Operation, world: World
):
    others = [scope for scope in Scope if scope not in operation.scopes]
    answer = call(client, operation, bearer(token(world.house, *others)))

    refused(answer, 403)
    # At the operators' door a token may have other roles, and not this right.
    role = any(scope in ROLES for scope in others) and operation.door == "operators"
    assert answer.json()["code"] == ("MRX-7017" if role else "MRX-7002")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["Basic", "Digest", "bearer mrx", "Signature"])
def test_a_token_under_another_word_opens_nothing(client: TestClient, world: World, scheme: str):
    text = token(world.house, *ALL)
    for operation in WITH_TOKEN:
        refused(call(client, operation, {"Authorization": f"{scheme} {text}"}), 401)


@pytest.mark.parametrize("operation", WITH_TOKEN, ids=str)
def test_a_partner_s_signature_opens_no_door_for_tokens(
    client: TestClient, operation: Operation, world: World
):
    key = world.partners[PARTNER].key

    refused(
        call(
            client,
            operation,
            signature(key, operation.method, operation.url(), content=operation.content),
        ),
        401,
    )


# -- partners --------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", operations("partner"), ids=str)
def test_a_token_opens_nothing_at_the_partner_door(
    client: TestClient, operation: Operation, world: World
):
    if str(operation) not in EVERYBODY:
        refused(call(client, operation, bearer(token(world.house, *ALL))), 401, 403)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> keys.SigningKey:
    """A key whose certificate nobody has pinned."""
    path = tmp_path_factory.mktemp("stranger") / "stranger.key"
    return keys.create(path, "nobody", START, kind="p256")


WRONG_SIGNATURES: dict[str, Callable[[World, Operation], dict[str, str]]] = {
    "for another gateway": lambda world, op: signature(
        world.partners[PARTNER].key, op.method, op.url(), to=OTHER, content=op.content
    ),
    "of another method": lambda world, op: signature(
        world.partners[PARTNER].key, "PATCH", op.url(), content=op.content
    ),
    "of another path": lambda world, op: signature(
        world.partners[PARTNER].key, op.method, "/v1/partner/elsewhere", content=op.content
    ),
    "of another query": lambda world, op: signature(
        world.partners[PARTNER].key,
        op.method,
        f"{op.url().partition('?')[0]}?more=1",
        content=op.content,
    ),
    "too old": lambda world, op: signature(
        world.partners[PARTNER].key,
        op.method,
        op.url(),
        now=datetime.now(UTC) - timedelta(hours=1),
        content=op.content,
    ),
    "from tomorrow": lambda world, op: signature(
        world.partners[PARTNER].key,
        op.method,
        op.url(),
        now=datetime.now(UTC) + timedelta(days=1),
        content=op.content,
    ),
    "our own": lambda world, op: signature(
        world.house.key, op.method, op.url(), content=op.content
    ),
    "another's under a pinned name": lambda world, op: {
        **signature(world.partners[PARTNER].key, op.method, op.url(), content=op.content),
        "Signature": signature(world.partners[OTHER].key, op.method, op.url(), content=op.content)[
            "Signature"
        ],
    },
    "of another body": lambda world, op: signature(
        world.partners[PARTNER].key, op.method, op.url(), content=op.content + b" "
    ),
    "without its date": lambda world, op: without(
        "Date", signature(world.partners[PARTNER].key, op.method, op.url(), content=op.content)
    ),
}


def without(name: str, headers: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


@pytest.mark.parametrize("wrong", WRONG_SIGNATURES)
@pytest.mark.parametrize("operation", WITH_SIGNATURE, ids=str)
def test_a_wrong_signature_is_not_believed(
    client: TestClient, operation: Operation, world: World, wrong: str
):
    answer = call(client, operation, WRONG_SIGNATURES[wrong](world, operation))

    refused(answer, 401)
    assert answer.json()["code"] == "MRX-7011"


@pytest.mark.parametrize("operation", WITH_SIGNATURE, ids=str)
def test_a_stranger_s_signature_is_not_believed(
    client: TestClient, operation: Operation, stranger: keys.SigningKey
):
    answer = call(
        client,
        operation,
        signature(stranger, operation.method, operation.url(), content=operation.content),
    )

    refused(answer, 401)
    assert answer.json()["code"] == "MRX-7011"


@pytest.mark.parametrize("operation", WITH_SIGNATURE, ids=str)
def test_a_signature_counts_once(client: TestClient, operation: Operation, world: World):
    headers = signature(
        world.partners[PARTNER].key, operation.method, operation.url(), content=operation.content
    )

    first = call(client, operation, headers)
    again = call(client, operation, headers)

    assert first.status_code not in {401, 500}, first.text
    refused(again, 401)
    assert again.json()["code"] == "MRX-7012"


@pytest.mark.parametrize("operation", WITH_FILE, ids=str)
@pytest.mark.parametrize("content", [b"", b"garbage", b"<Batch/>"], ids=["no", "garbage", "plain"])
def test_a_file_of_a_stranger_is_not_believed(
    client: TestClient, operation: Operation, stranger: keys.SigningKey, content: bytes
):
    sealed = seal(content, stranger, datetime.now(UTC))
    for body in (content, sealed):
        answer = client.request(operation.method, operation.url(), content=body)
        refused(answer, 403)
        assert answer.json()["code"] == ("MRX-3004" if body is sealed else "MRX-3002")

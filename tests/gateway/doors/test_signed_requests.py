"""Signed requests by the real door: replayed, doctored, or signed for something else."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from schemas.tables import nonces
from signing.keys import SigningKey
from tests.conftest import connected_world
from tests.gateway.api.doors import OTHER, PARTNER, application
from tests.gateway.doors.signed import (
    INPUT,
    URL,
    Fields,
    get,
    made,
    put,
    refused,
    swap,
    twice,
    without,
)
from tests.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    return connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(application(world.house), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def key(world: World) -> SigningKey:
    return world.partners[PARTNER].key


def spent(world: World) -> int:
    with world.house.database.read() as tx:
        return len(tx.execute(select(nonces)).all())


def flipped(fields: Fields) -> Fields:
    raw = bytearray(base64.b64decode(get(fields, "Signature")[5:-1]))
    raw[-1] ^= 1
    return put(fields, "Signature", f"mrx=:{base64.b64encode(raw).decode()}:")


def second(name: str) -> Callable[[Fields], Fields]:
    """Another signature under another label, in the same fields."""
    return lambda fields: put(
        put(fields, "Signature", f"{get(fields, 'Signature')}, b{get(fields, 'Signature')[3:]}"),
        "Signature-Input",
        f"{get(fields, 'Signature-Input')}, {name}{get(fields, 'Signature-Input')[3:]}",
    )


DOCTORED: Mapping[str, Callable[[Fields], Fields]] = {
    "a bit of the signature": flipped,
    "another nonce": swap(INPUT, 'nonce="..', 'nonce="__'),
    "no nonce": swap(INPUT, r';nonce="[^"]*"', ""),
    "an empty nonce": swap(INPUT, r'nonce="[^"]*"', 'nonce=""'),
    "another moment": lambda fields: put(
        fields,
        INPUT,
        re.sub(r"created=(\d+)", lambda at: f"created={int(at[1]) + 1}", get(fields, INPUT)),
    ),
    "no moment": swap(INPUT, r";created=\d+", ""),
    "a moment in quotes": swap(INPUT, r"created=(\d+)", r'created="\1"'),
    "a moment with a fraction": swap(INPUT, r"created=(\d+)", r"created=\1.5"),
    "a moment before all time": swap(INPUT, r"created=\d+", "created=-1"),
    "a moment too large": swap(INPUT, r"created=\d+", "created=999999999999999"),
    "over already": swap(INPUT, "(;keyid)", r";expires=1\1"),
    "another addressee": swap(INPUT, 'tag="us-ctpat"', f'tag="{OTHER}"'),
    "no addressee": swap(INPUT, r';tag="[^"]*"', ""),
    "another algorithm": swap(INPUT, r'alg="[^"]*"', 'alg="rsa-v1_5-sha256"'),
    "an algorithm of shared secrets": swap(INPUT, r'alg="[^"]*"', 'alg="hmac-sha256"'),
    "an algorithm nobody has": swap(INPUT, r'alg="[^"]*"', 'alg="none"'),
    "no algorithm": swap(INPUT, r';alg="[^"]*"', ""),
    "another key": swap(INPUT, r'keyid="[0-9a-f]{8}', 'keyid="00000000'),
    "no key": swap(INPUT, r';keyid="[^"]*"', ""),
    "two keys": swap(INPUT, "(;keyid=)", rf';keyid="{"0" * 64}"\1'),
    "a key in capitals": swap(INPUT, r'keyid="([0-9a-f]*)"', f'keyid="{"A" * 64}"'),
    "the method not covered": swap(INPUT, '"@method" ', ""),
    "the path not covered": swap(INPUT, '"@path" ', ""),
    "the query not covered": swap(INPUT, '"@query" ', ""),
    "the date not covered": swap(INPUT, ' "date"', ""),
    "nothing covered": swap(INPUT, r"\([^)]*\)", "()"),
    "a part covered twice": swap(INPUT, '"@method"', '"@method" "@method"'),
    "a part that is not there": swap(INPUT, '"@method"', '"@method" "x-nobody"'),
    "a part of an answer": swap(INPUT, '"@method"', '"@status" "@method"'),
    "parts in another order": swap(INPUT, '"@method" "@path"', '"@path" "@method"'),
    "parameters in another order": swap(INPUT, r'(;alg="[^"]*")(;nonce="[^"]*")', r"\2\1"),
    "a parameter more": swap(INPUT, "$", ";more=1"),
    "junk behind": swap(INPUT, "$", " junk"),
    "junk before": swap(INPUT, "^", "junk "),
    "no list": swap(INPUT, r"\([^)]*\)", "1"),
    "an unknown label": lambda fields: put(fields, INPUT, "x" + get(fields, INPUT)[3:]),
    "another label for both": lambda fields: [
        (name, value.replace("mrx=", "x=", 1) if name.startswith("Signature") else value)
        for name, value in put(fields, "Signature", get(fields, "Signature")[:-2] + "A:")
    ],
    "two signatures": second("b"),
    "two signatures and one input": lambda fields: put(
        fields, "Signature", f"{get(fields, 'Signature')}, b{get(fields, 'Signature')[3:]}"
    ),
    "one signature and two inputs": lambda fields: put(
        fields, INPUT, f"{get(fields, INPUT)}, b{get(fields, INPUT)[3:]}"
    ),
    "one label twice": lambda fields: put(
        fields, INPUT, f"{get(fields, INPUT)}, {get(fields, INPUT)}"
    ),
    "two lines of signatures": twice("Signature"),
    "two lines of inputs": twice(INPUT),
    "two dates": twice("Date"),
    "two dates, one of another day": twice("Date", "Mon, 05 Jan 2026 12:00:00 GMT"),
    "no signature": without("Signature"),
    "no input": without(INPUT),
    "no date": without("Date"),
    "a date of another zone": swap("Date", "GMT", "+0100"),
    "a date in words": lambda fields: put(fields, "Date", "today GMT"),
    "a signature of nothing": lambda fields: put(fields, "Signature", "mrx=::"),
    "a signature that is none": lambda fields: put(fields, "Signature", "mrx=:*:"),
    "a signature in quotes": lambda fields: put(fields, "Signature", 'mrx="AAAA"'),
    "a signature of 5 KiB": lambda fields: put(fields, "Signature", f"mrx=:{'A' * 5_120}:"),
    "an input of 5 KiB": swap(INPUT, "$", f';more="{"a" * 5_120}"'),
    "10,000 inner lists": lambda fields: put(fields, INPUT, "mrx=" + "(" * 1_000),
    "letters of another kind": lambda fields: put(fields, INPUT, "mrx=(\u00e9)"),
}


@pytest.mark.parametrize("what", DOCTORED)
def test_a_doctored_request_is_not_believed_and_spends_nothing(
    client: TestClient, world: World, key: SigningKey, what: str
):
    fields, before = made(key), spent(world)
    doctored = DOCTORED[what](fields)
    assert doctored != fields

    answer = client.get(URL, headers=[(name, value.encode("latin-1")) for name, value in doctored])

    refused(answer)
    assert spent(world) == before
    assert client.get(URL, headers=fields).status_code == 200  # the one that it was made of


OTHERS: Mapping[str, tuple[str, str]] = {
    "another method": ("POST", URL),
    "another path": ("GET", "/v1/partner/holdings?limit=5"),
    "another query": ("GET", "/v1/partner/batches?limit=6"),
    "no query": ("GET", "/v1/partner/batches"),
    "a query more": ("GET", f"{URL}&lane=urgent"),
    "the query in another order": ("GET", "/v1/partner/batches?limit=5&"),
    "the path escaped": ("GET", "/v1/partner/%62atches?limit=5"),
    "a slash more": ("GET", "/v1/partner//batches?limit=5"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_signature_is_good_for_the_request_it_was_made_for_alone(
    client: TestClient, key: SigningKey, what: str
):
    method, url = OTHERS[what]
    fields = made(key)

    answer = client.request(method, url, headers=fields)

    assert answer.status_code in {401, 403, 404, 405}
    assert answer.status_code != 401 or answer.json()["code"] == "MRX-7011"
    assert client.get(URL, headers=fields).status_code == 200


def test_of_two_nonces_the_signed_one_counts(client: TestClient, key: SigningKey):
    """The last of two parameters of a name is the one there is (RFC 9651, 4.2.3.2)."""
    fields = made(key)
    doubled = swap(INPUT, r"(;nonce=)", r';nonce="0000000000000000000000"\1')(fields)

    assert client.get(URL, headers=doubled).status_code == 200
    refused(client.get(URL, headers=fields), "MRX-7012")


@pytest.mark.parametrize(
    ("seconds", "status"), [(-330, 401), (-290, 200), (0, 200), (270, 200), (330, 401)]
)
def test_clocks_may_differ_by_five_minutes(
    client: TestClient, key: SigningKey, seconds: int, status: int
):
    fields = made(key, now=datetime.now(UTC) + timedelta(seconds=seconds))

    assert client.get(URL, headers=fields).status_code == status


def test_a_request_counts_once_wherever_it_is_sent_again(
    client: TestClient, world: World, key: SigningKey
):
    """At the same server, at another one of the same gateway, and after a restart."""
    fields = made(key)
    assert client.get(URL, headers=fields).status_code == 200

    another = TestClient(application(world.house))
    for where in (client, another):
        refused(where.get(URL, headers=fields), "MRX-7012")


def test_a_nonce_is_the_partner_s_own(client: TestClient, world: World, key: SigningKey):
    """Nobody spends another's by guessing it."""
    nonce = "n" * 22
    other = world.partners[OTHER].key
    for one in (other, key):
        fields = _signed(one, nonce)
        assert client.get(URL, headers=fields).status_code == 200
        refused(client.get(URL, headers=_signed(one, nonce)), "MRX-7012")


def _signed(key: SigningKey, nonce: str) -> dict[str, str]:
    from signing import request

    url = f"http://testserver{URL}"
    return request.signed(key, "GET", url, to="us-ctpat", now=datetime.now(UTC), nonce=nonce)

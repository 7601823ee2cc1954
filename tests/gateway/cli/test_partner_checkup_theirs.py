"""`mrx partner test`: certificates, formats, the echo and the clock at their end."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, update

from partners import agreements
from schemas import exchange
from schemas.exchange import Echo
from schemas.tables import certificates
from signing import keys
from signing.keys import SigningKey
from signing.seal import seal
from tests.gateway.cli.command import Mrx
from tests.gateway.cli.ends import served
from tests.gateway.cli.walking import results, walked
from tests.world import World


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    path = tmp_path_factory.mktemp("stranger") / "stranger.key"
    return keys.create(path, "nobody", datetime.now(UTC), kind="p256")


def test_a_pinned_certificate_that_has_expired(mrx: Mrx, world: World, plain: str, tmp_path: Path):
    ago = datetime.now(UTC) - timedelta(days=4 * 365)
    old = keys.create(tmp_path / "old.key", "mx", ago, kind="p256").certificate
    with world.house.database.write() as tx:
        values = {"fingerprint": old.fingerprint, "pem": old.pem, "not_after": old.not_after}
        tx.execute(update(certificates).values(**values))

    steps = walked(mrx, world, plain)

    assert "none of their 1 pinned certificates is valid" in steps["certificate"]["sentence"]
    assert results(steps, "failed") == {"certificate"}
    assert steps["echo"]["sentence"] == "not tried: it needs certificate"


def test_no_pinned_certificate(mrx: Mrx, world: World, plain: str):
    with world.house.database.write() as tx:
        tx.execute(delete(certificates))

    steps = walked(mrx, world, plain)

    assert "no certificate of theirs is pinned" in steps["certificate"]["sentence"]
    assert "mrx partner connect mx-neec" in steps["certificate"]["next"]


def test_they_have_not_pinned_ours(mrx: Mrx, world: World, plain: str):
    with world.partners["mx-neec"].database.write() as tx:
        tx.execute(delete(certificates))

    steps = walked(mrx, world, plain)

    assert "HTTP 401 (MRX-7011)" in steps["signature"]["sentence"]
    assert world.house.key.certificate.fingerprint in steps["signature"]["next"]
    assert results(steps, "failed") == {"signature", "echo"}
    assert "MRX-3004" in steps["echo"]["sentence"]
    assert results(steps, "skipped") == {"tls", "schema"}
    assert steps["clock"]["result"] == "ok"


def test_an_address_that_is_no_gateway(mrx: Mrx, world: World):
    elsewhere = {f"/v1/partner/{path}": lambda _: (404, b"no") for path in ("agreement", "echo")}
    with served(world.partners["mx-neec"], answers=elsewhere) as url:
        steps = walked(mrx, world, url)

    assert "HTTP 404" in steps["signature"]["sentence"]
    assert results(steps, "failed") == {"signature", "echo"}


def test_they_use_another_format(mrx: Mrx, world: World, plain: str):
    with world.partners["mx-neec"].database.write() as tx:
        agreements.change(tx, "us-ctpat", format="ca-pip/1.0")

    steps = walked(mrx, world, plain)

    assert "another format than ours, which is mx-neec/1.0" in steps["schema"]["sentence"]
    assert results(steps, "failed") == {"schema"}


def listing(*items: dict[str, str]) -> tuple[int, bytes]:
    return 200, orjson.dumps({"items": items, "next": None})


def test_their_schemas_lack_ours(mrx: Mrx, world: World):
    one = {"/v1/partner/schemas": lambda _: listing({"format": "exchange/1.0"})}
    with served(world.partners["mx-neec"], answers=one) as url:
        steps = walked(mrx, world, url)

    assert steps["schema"]["sentence"] == "their schemas lack mx-neec/1.0"


def test_a_schema_of_theirs_that_is_another_file_is_said_and_is_no_failure(mrx: Mrx, world: World):
    items = [{"format": "exchange/1.0"}, {"format": "mx-neec/1.0", "sha256": "0" * 64}]
    with served(
        world.partners["mx-neec"], answers={"/v1/partner/schemas": lambda _: listing(*items)}
    ) as url:
        steps = walked(mrx, world, url, code=0)

    assert steps["schema"]["next"] == "not the same file as ours, compare: mx-neec/1.0"


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"[" * 100_000, b'{"home": "' + b"x" * 300_000 + b'"}'],
    ids=["nothing", "a list", "half", "deep", "too long"],
)
def test_an_agreement_that_is_no_object(mrx: Mrx, world: World, body: bytes):
    bent = {"/v1/partner/agreement": lambda _: (200, body)}
    with served(world.partners["mx-neec"], answers=bent) as url:
        steps = walked(mrx, world, url)

    assert "not a JSON object" in steps["signature"]["sentence"]
    assert results(steps, "failed") == {"signature"}


def test_another_programme_answers_there(mrx: Mrx, world: World):
    paper = orjson.dumps({"home": "ca-pip", "partner": "us-ctpat", "format": "mx-neec/1.0"})
    bent = {"/v1/partner/agreement": lambda _: (200, paper)}
    with served(world.partners["mx-neec"], answers=bent) as url:
        steps = walked(mrx, world, url)

    assert "does not speak as mx-neec to us-ctpat" in steps["schema"]["sentence"]


def echoing(key: SigningKey, file: bytes, **lies: object) -> tuple[int, bytes]:
    """An echo of this file, with some facts changed, signed with this key."""
    now = datetime.now(UTC)
    facts = {
        "sender": "mx-neec",
        "recipient": "us-ctpat",
        "digest": sha256(file).hexdigest(),
        "at": now.replace(microsecond=0),
    }
    return 200, seal(exchange.write_echo(Echo(**facts | lies)), key, now)


def echo_step(mrx: Mrx, world: World, answer: Any) -> str:
    bent = {"/v1/partner/echo": answer}
    with served(world.partners["mx-neec"], answers=bent) as url:
        steps = walked(mrx, world, url)
    assert results(steps, "failed") == {"echo"}
    return steps["echo"]["sentence"]


def test_an_echo_signed_by_a_stranger(mrx: Mrx, world: World, stranger: SigningKey):
    said = echo_step(mrx, world, lambda file: echoing(stranger, file))

    assert said.startswith("MRX-3004")


def test_an_echo_of_another_file(mrx: Mrx, world: World):
    key = world.partners["mx-neec"].key

    said = echo_step(mrx, world, lambda file: echoing(key, file, digest="0" * 64))

    assert "answers another file than ours" in said


@pytest.mark.slow
@pytest.mark.parametrize("lie", [{"sender": "ca-pip"}, {"recipient": "ca-pip"}])
def test_an_echo_between_others(mrx: Mrx, world: World, lie: dict[str, str]):
    key = world.partners["mx-neec"].key

    said = echo_step(mrx, world, lambda file: echoing(key, file, **lie))

    assert "names other programmes" in said


def test_an_echo_that_sends_our_own_file_back(mrx: Mrx, world: World):
    assert echo_step(mrx, world, lambda file: (200, file)).startswith("MRX-3004")


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"<Echo/>", b"hello"])
def test_something_signed_that_is_no_echo(mrx: Mrx, world: World, content: bytes):
    key = world.partners["mx-neec"].key

    said = echo_step(mrx, world, lambda _: (200, seal(content, key, datetime.now(UTC))))

    assert said.startswith("MRX-23")


def test_an_echo_that_never_ends(mrx: Mrx, world: World):
    assert echo_step(mrx, world, lambda _: (200, bytes(1 << 20))).startswith("MRX-3001")


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "word"), [(60, "ahead of"), (-60, "behind")])
def test_a_clock_that_is_wrong(mrx: Mrx, world: World, seconds: int, word: str):
    with served(world.partners["mx-neec"], date=timedelta(seconds=seconds)) as url:
        steps = walked(mrx, world, url)

    assert word in steps["clock"]["sentence"]
    assert results(steps, "failed") == {"clock"}


def test_a_clock_that_is_a_little_wrong_is_well(mrx: Mrx, world: World):
    with served(world.partners["mx-neec"], date=timedelta(seconds=-3)) as url:
        assert walked(mrx, world, url, code=0)["clock"]["result"] == "ok"


def test_no_date_at_all(mrx: Mrx, world: World):
    with served(world.partners["mx-neec"], date=None) as url:
        steps = walked(mrx, world, url)

    assert steps["clock"]["sentence"] == "their answers carry no Date"

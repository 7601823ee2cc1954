"""Keys and certificates at the console: two persons, a fresh proof, and one who withdraws alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway import own_keys, staging
from gateway.identity.roles import Role
from outbox.house import House
from partners import certificates
from schemas.tables import sessions
from signing import keys
from signing.seal import seal
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.world import World

PAGE = "/console/certificates"
WHY = {"reason": "the old one ends in May"}


@pytest.fixture
def sofia(small_world: World) -> TestClient:
    return at_console(small_world.house, "sofia", {Role.SECURITY_OFFICER})


@pytest.fixture
def anna(small_world: World) -> TestClient:
    return at_console(small_world.house, "anna", {Role.APPROVER})


@pytest.fixture
def vera(small_world: World) -> TestClient:
    return at_console(small_world.house, "vera", {Role.VIEWER})


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> keys.SigningKey:
    path = tmp_path_factory.mktemp("wanted") / "next.key"
    return keys.create(path, "mx", datetime.now(UTC), kind="p256")


@pytest.fixture
def staged(small_world: World, wanted: keys.SigningKey) -> str:
    """The fingerprint of a certificate that Mexico wants pinned."""
    theirs, now = small_world.partners["mx-neec"].key, datetime.now(UTC)
    request = seal(wanted.certificate.pem.encode(), theirs, now)
    return staging.stage(small_world.house, request, now=now)[0]


def states(house: House) -> list[str]:
    with house.database.read() as tx:
        return [one.state for one in own_keys.every(tx)]


def forget_the_proof(house: House) -> None:
    """As if everybody had shown long ago who they are."""
    with house.database.write() as tx:
        tx.execute(update(sessions).values(proved_at=datetime.now(UTC) - timedelta(hours=1)))


def test_a_key_is_staged_by_one_and_activated_by_two(
    small_world: World, sofia: TestClient, anna: TestClient
):
    house = small_world.house
    assert sofia.get(f"{PAGE}/stage").status_code == 200
    assert sofia.post(f"{PAGE}/stage").status_code == 303
    assert states(house) == ["current", "next"]
    assert "mx-neec never fetched it" in sofia.get(f"{PAGE}/activate").text

    unseen = sofia.post(f"{PAGE}/activate", data=WHY)
    assert (unseen.status_code, "MRX-5030" in unseen.text) == (404, True)
    asked = sofia.post(f"{PAGE}/activate", data=WHY | {"although_unseen": "yes"})
    approval = asked.headers["location"].partition("?")[0]
    assert states(house) == ["current", "next"]
    assert "It waits for a second person" in sofia.get(PAGE).text
    done = anna.post(f"{approval}/approve", data={"reason": "they told me they pinned it"})

    assert done.status_code == 303, done.text
    assert states(house) == ["retired", "current"]
    [entry] = entries(house, "key activated")
    assert entry["by"] == "anna"
    assert "Start it again" in sofia.get(PAGE).text


def test_the_next_key_is_taken_back(small_world: World, sofia: TestClient):
    sofia.post(f"{PAGE}/stage")
    sofia.post(f"{PAGE}/activate", data=WHY | {"although_unseen": "yes"})

    assert sofia.get(f"{PAGE}/retire").status_code == 200
    assert sofia.post(f"{PAGE}/retire", data={"reason": "copied"}).status_code == 303

    assert states(small_world.house) == ["current", "retired"]
    assert sofia.get("/console/approvals?state=waiting").text.count("activate a key") == 0
    [entry] = entries(small_world.house, "key retired")
    assert (entry["by"], entry["reason"]) == ("sofia", "copied")


def test_what_touches_keys_asks_again_who_one_is(
    small_world: World, sofia: TestClient, staged: str
):
    forget_the_proof(small_world.house)

    for path, data in (
        ("/stage", {}),
        ("/activate", WHY),
        ("/retire", WHY),
        (f"/{staged}/approve", {}),
    ):
        assert "Show who you are" in sofia.post(f"{PAGE}{path}", data=data).text, path
    assert states(small_world.house) == ["current"]


def test_their_next_certificate_is_pinned_by_two(
    small_world: World, sofia: TestClient, anna: TestClient, staged: str
):
    shown = sofia.get(f"{PAGE}/{staged}").text
    assert ":".join((staged[:2], staged[2:4])).upper() in shown

    assert "approved-once" in sofia.post(f"{PAGE}/{staged}/approve").headers["location"]
    again = sofia.post(f"{PAGE}/{staged}/approve")
    assert (again.status_code, "MRX-7014" in again.text) == (403, True)
    assert "pinned" in anna.post(f"{PAGE}/{staged}/approve").headers["location"]

    with small_world.house.database.read() as tx:
        assert certificates.owner(tx, staged) == "mx-neec"


def test_their_next_certificate_is_rejected_with_a_reason(
    small_world: World, anna: TestClient, staged: str
):
    silent = anna.post(f"{PAGE}/{staged}/reject", data={"reason": ""})
    assert (silent.status_code, "MRX-7023" in silent.text) == (422, True)

    assert anna.post(f"{PAGE}/{staged}/reject", data={"reason": "not theirs"}).status_code == 303

    [entry] = entries(small_world.house, "certificate rejected")
    assert (entry["by"], entry["reason"]) == ("anna", "not theirs")
    assert anna.get(f"{PAGE}/{staged}").status_code == 404


def test_one_person_withdraws_a_pinned_one_by_typing_its_beginning(
    small_world: World, sofia: TestClient
):
    pinned = small_world.partners["mx-neec"].key.certificate.fingerprint
    page = f"{PAGE}/{pinned}/withdraw"
    assert "has no other valid certificate" in sofia.get(page).text

    wrong = sofia.post(page, data={"typed": "00000000", "reason": "stolen"})
    assert (wrong.status_code, "MRX-7024" in wrong.text) == (422, True)
    done = sofia.post(page, data={"typed": pinned[:8], "reason": "stolen"})

    assert done.status_code == 303
    with small_world.house.database.read() as tx:
        assert certificates.pinned(tx, "mx-neec") == []
    [entry] = entries(small_world.house, "certificate withdrawn")
    assert (entry["by"], entry["reason"]) == ("sofia", "stolen")


def test_who_only_looks_changes_nothing(small_world: World, vera: TestClient, staged: str):
    pinned = small_world.partners["mx-neec"].key.certificate.fingerprint
    assert staged[:16] in vera.get(PAGE).text

    for path in (
        "/stage",
        "/activate",
        "/retire",
        f"/{staged}/approve",
        f"/{staged}/reject",
        f"/{pinned}/withdraw",
    ):
        data = {"reason": "x", "typed": pinned[:8]}
        answer = vera.post(f"{PAGE}{path}", data=data)
        assert (answer.status_code, "MRX-7017" in answer.text) == (403, True), path
    assert len(entries(small_world.house, "act refused")) == 6
    assert states(small_world.house) == ["current"]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["files", "register"])
def test_killed_while_taking_the_next_key_back_the_next_call_goes_on(
    small_world: World, monkeypatch: pytest.MonkeyPatch, step: str
):
    house, now = small_world.house, datetime.now(UTC)
    certificate, _ = own_keys.stage(house, house.folder, by="sofia", now=now)
    real = Path.replace

    def once(path: Path, to: Path) -> Path:
        moved = real(path, to)
        raise KeyboardInterrupt
        return moved

    with monkeypatch.context() as patched:
        if step == "files":
            patched.setattr(Path, "replace", once)
        else:
            patched.setattr(own_keys.ledger, "add", lambda *_, **__: (_ for _ in ()).throw(OSError))
        with pytest.raises((KeyboardInterrupt, OSError)):
            own_keys.retire_next(house, house.folder, by="sofia", reason="x", now=now)
    assert states(house) == ["current", "next"]

    done = own_keys.retire_next(house, house.folder, by="sofia", reason="x", now=now)

    assert done.fingerprint == certificate.fingerprint
    assert states(house) == ["current", "retired"]
    kept = house.folder / "keys" / f"retired-{certificate.fingerprint}.key"
    assert keys.load(kept).certificate.fingerprint == certificate.fingerprint
    assert not list((house.folder / "keys").glob("next.*"))

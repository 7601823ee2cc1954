"""A gateway that runs with marked secrets: none in its answers and pages, in its log, in the
diagnostics that may be sent away, in what its objects show of themselves.
"""

import io
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from gateway.app import build
from gateway.console.page import COOKIE
from gateway.engine import broker
from gateway.identity import provider
from gateway.identity.roles import Role
from gateway.settings import Settings
from gateway.tokens import Scope
from signing.keeping import Keeping
from tests.gateway.api.doors import bearer, token
from tests.gateway.console.people import ORIGIN, at_console
from tests.gateway.marked import BROKER, CLIENT, DATABASE, MARK, PASSPHRASE, PIN, Secrets, written
from tests.world import World


@pytest.fixture
def running(small_world: World, tmp_path: Path, logged: io.StringIO) -> SimpleNamespace:
    """A gateway with every secret that its settings may hold, in this process."""
    house = small_world.house
    secrets = Secrets(house.folder)
    settings = Settings(
        home=house.folder,
        engine="celery",
        broker_url=BROKER,
        oidc_issuer="http://127.0.0.1:1",
        oidc_client_id="mrx",
        oidc_client_secret=CLIENT,
        console_url=f"{ORIGIN}/console",
        key_passphrase_file=written(tmp_path / "passphrase", PASSPHRASE),
        token_module=tmp_path / "none.so",
        token_label="mrx",
        token_pin_file=written(tmp_path / "pin", PIN),
    )
    issued = bearer(token(house, *Scope))
    person = at_console(house, "adele", list(Role))
    secrets.add(issued["Authorization"].split()[1], str(person.cookies.get(COOKIE)))
    client = TestClient(
        build(house, settings),
        base_url=ORIGIN,
        headers=person.headers,
        cookies=person.cookies,
        follow_redirects=False,
        raise_server_exceptions=False,
    )
    return SimpleNamespace(
        house=house, settings=settings, client=client, issued=issued, secrets=secrets, log=logged
    )


def test_not_in_answers_and_not_in_the_log(running: SimpleNamespace):
    client, issued, secrets = running.client, running.issued, running.secrets
    wrong = {"Authorization": f"Bearer {MARK}-not-a-token"}
    answers = [
        client.get("/console/system"),
        client.get("/console/system/diagnostics"),
        client.get("/console/oidc?to=/console/"),
        client.get("/health/ready"),
        client.get("/metrics", headers=issued),
        client.get("/v1/ops/system", headers=issued),
        client.get("/v1/ops/system", headers=wrong),
        client.get("/v1/source/members/1", headers=wrong),
        client.get("/v1/partner/agreement", headers={"Signature": MARK, "Signature-Input": MARK}),
        client.get(f"/console/{MARK}"),
        client.post("/console/login", data={"name": "adele", "password": f"{MARK}-password"}),
        client.post("/console/login", data={"password": f"{MARK}-password"}),
        client.post("/console/login", content=f"{MARK}".encode()),
        client.get("/console/", headers={"Cookie": f"{COOKIE}={MARK}-no-session"}),
    ]
    with running.house.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE agreements RENAME TO elsewhere")
    answers += [
        client.get("/v1/ops/partners", headers=issued),
        client.get("/console/partners"),
        client.get("/console/system"),
    ]
    written = running.log.getvalue()

    assert {answer.status_code for answer in answers} >= {200, 401, 404, 500}
    assert [
        (answer.request.url.path, found)
        for answer in answers
        if (found := secrets.within(answer.text + str(answer.headers)))
    ] == []
    assert "MRX-9999" in written
    assert secrets.within(written) == []


def test_not_in_what_objects_show_of_themselves(running: SimpleNamespace):
    made = [
        running.settings,
        running.house,
        running.house.key,
        running.house.key._private,
        running.settings.keeping,
        provider.of(running.settings),
        provider.of(running.settings).client,
        broker.build(running.settings),
        Settings(database_url=DATABASE),
    ]

    for one in made:
        assert running.secrets.within(f"{one!r} {one!s} {[one]}") == [], type(one)


def test_what_holds_secrets_is_not_written_down(running: SimpleNamespace):
    for one in (running.settings, running.house.key):
        with pytest.raises(TypeError):
            pickle.dumps(one)
    assert isinstance(running.settings.keeping, Keeping)
    assert running.secrets.within(repr(pickle.dumps(running.settings.keeping))) == []

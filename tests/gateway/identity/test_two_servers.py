"""Several servers of one gateway: what begins at one of them ends at another."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from gateway.console.page import COOKIE
from gateway.console.signing_in import ATTEMPT
from outbox.house import House
from tests.gateway.identity.browser import at, go_there
from tests.gateway.identity.provider import Provider

ROOT = Path(__file__).parents[3]
FINISH = """
import json, sys
from gateway.console.page import COOKIE
from gateway.console.signing_in import ATTEMPT
from gateway.home import open_home
from gateway.settings import Settings
from tests.gateway.console.people import ORIGIN
from tests.gateway.identity.browser import at
from tests.gateway.identity.provider import Provider

home, issuer, held, back = sys.argv[1:]
client = at(open_home(Settings(home=home)), Provider(issuer=issuer))
client.cookies.set(ATTEMPT, held, domain="testserver.local", path="/")
answer = client.get(back)
print(json.dumps([answer.status_code, answer.headers.get("location"), client.cookies.get(COOKIE)]))
"""


@pytest.mark.slow
def test_a_sign_in_begun_at_one_server_is_finished_at_another(house: House, there: Provider):
    """The other one is a process of its own: nothing is shared but the home folder."""
    here = at(house, there)
    back = go_there(here, "/console/oidc?to=/console/account")

    said = subprocess.run(
        [sys.executable, "-c", FINISH, house.folder, there.issuer, here.cookies[ATTEMPT], back],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    ).stdout

    status, location, session = orjson.loads(said.splitlines()[-1])
    assert (status, location) == (303, "/console/account")
    here.cookies.set(COOKIE, session)  # and the first one knows who came in there
    assert here.get("/console/account").status_code == 200

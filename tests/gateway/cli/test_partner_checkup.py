"""`mrx partner test`: a way that is well, and one that cannot be walked."""

from partners import agreements
from tests.gateway.cli.command import Mrx
from tests.gateway.cli.ends import Authority, served
from tests.gateway.cli.walking import STEPS, results, walked
from tests.world import World


def test_over_tls_every_step_is_ok(mrx: Mrx, world: World, ca: Authority):
    with served(world.partners["mx-neec"], ca.issue("127.0.0.1")) as url:
        steps = walked(mrx, world, url, code=0, SSL_CERT_FILE=str(ca.file))

    assert results(steps, "ok") == set(STEPS)
    assert "TLSv1.3" in steps["tls"]["sentence"]
    assert "their server's ends in 89 days" in steps["certificate"]["sentence"]
    assert [step["next"] for step in steps.values()] == [None] * len(STEPS)


def test_over_plain_http_it_is_well_and_not_for_production(mrx: Mrx, world: World, plain: str):
    steps = walked(mrx, world, plain, code=0)

    assert results(steps, "skipped") == {"tls"}
    assert "plain http" in steps["tls"]["sentence"]
    assert "never in production" in steps["tls"]["next"]


def test_the_address_to_pull_from_serves_as_well(mrx: Mrx, world: World, plain: str):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=None, pull_url=plain)

    assert mrx.json("partner", "test", "mx-neec")["address"] == plain


def test_it_changes_nothing(mrx: Mrx, world: World, plain: str):
    before = mrx.json("ledger", "verify")

    walked(mrx, world, plain, code=0)

    assert mrx.json("ledger", "verify") == before


def test_a_short_runway_is_said_while_it_is_still_well(mrx: Mrx, world: World, ca: Authority):
    with served(world.partners["mx-neec"], ca.issue("127.0.0.1", days=20)) as url:
        steps = walked(mrx, world, url, code=0, SSL_CERT_FILE=str(ca.file))

    assert steps["certificate"]["result"] == "ok"
    assert "their server's" in steps["certificate"]["next"]


def test_a_partner_without_an_address_or_without_an_agreement(mrx: Mrx):
    assert "MRX-5016" in mrx("partner", "test", "mx-neec", code=1).stderr
    assert "MRX-5001" in mrx("partner", "test", "fr-aeo", code=1).stderr

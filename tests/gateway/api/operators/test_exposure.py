"""The exposure of a month at the operators' door."""

from datetime import UTC, datetime

import orjson
from fastapi.testclient import TestClient

from signing.open import open_sealed
from tests.gateway.api.doors import held_by
from tests.gateway.console.test_told import entries
from tests.world import World, member


def test_exposure_is_answered_in_figures_and_signed(http: TestClient, three_held: World):
    three_held.push(member("10000001", status="SUSPENDED"))
    month = f"{datetime.now(UTC):%Y-%m}"
    http.headers.update(held_by(three_held, "operator"))

    said = http.get("/v1/ops/exposure").json()
    signed = http.post(f"/v1/ops/exposure/{month}/signed")

    [mexico] = [one for one in said["partners"] if one["partner"] == "mx-neec"]
    assert (said["month"], mexico["members"], mexico["open"]) == (month, 1, 1)
    opened = open_sealed(signed.content, [three_held.house.key.certificate], datetime.now(UTC))
    assert orjson.loads(opened.content)["definitions"] == said["definitions"]
    assert http.get("/v1/ops/exposure", params={"month": "2999-01"}).status_code == 422


def test_a_viewer_has_no_report_signed(viewer: TestClient, three_held: World):
    refused = viewer.post("/v1/ops/exposure/2026-01/signed")

    assert (refused.status_code, refused.json()["code"]) == (403, "MRX-7017")
    assert len(entries(three_held.house, "act refused")) == 1

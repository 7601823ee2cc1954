"""The ledger at the operators' door."""

import hashlib

import orjson
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from tests.gateway.api.doors import held_by
from tests.world import World, member

OPS = "/v1/ops"


def test_the_ledger_is_read_walked_and_taken_out(http: TestClient, small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    udo, vera = held_by(small_world, Scope.AUDITOR), held_by(small_world, Scope.VIEWER)

    first = http.get(f"{OPS}/ledger?limit=1", headers=udo).json()
    second = http.get(f"{OPS}/ledger?limit=1&after={first['next']}", headers=udo).json()
    assert first["items"][0]["position"] == second["items"][0]["position"] + 1
    whole = http.get(f"{OPS}/ledger?partner=mx-neec", headers=udo).json()["items"]
    part = http.get(f"{OPS}/ledger?partner=mx-neec", headers=vera).json()["items"]
    assert "10000001" in orjson.dumps(whole).decode()
    assert "10000001" not in orjson.dumps(part).decode()
    entry = whole[-1]
    one = http.get(f"{OPS}/ledger/entries/{entry['position']}", headers=udo).json()
    assert one == entry
    assert [one["digest"] for one in part] == [None] * len(whole)
    assert http.post(f"{OPS}/ledger/verify", headers=vera, json={}).status_code == 403
    walked = http.post(f"{OPS}/ledger/verify", headers=udo, json={}).json()
    standing = http.get(f"{OPS}/ledger/standing", headers=vera).json()
    assert (standing["verified_to"], standing["broken_at"]) == (walked["to"], None)
    taken = http.get(f"{OPS}/ledger/export?first=1&last=2", headers=udo).content
    rows = [orjson.loads(line) for line in taken.splitlines()]
    made_of = [rows[1][name] for name in ("previous", "position", "at", "kind")]
    made_of += [rows[1][name] for name in ("partner", "subject", "entry")]
    assert rows[1]["digest"] == hashlib.sha256(orjson.dumps(made_of)).hexdigest()
    assert http.get(f"{OPS}/ledger/export", headers=vera).json()["code"] == "MRX-7017"

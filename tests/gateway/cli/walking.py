"""The way to a partner, walked step by step by `mrx partner test`."""

from typing import Any

from partners import agreements
from tests.gateway.cli.command import Mrx
from tests.world import World

STEPS = ("dns", "connect", "tls", "certificate", "signature", "schema", "echo", "clock")


def walked(mrx: Mrx, world: World, url: str, *, code: int = 3, **env: str) -> dict[str, Any]:
    """The steps to this address, by name; the command has to exit with `code`."""
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=url)
    found = mrx.json("partner", "test", "mx-neec", code=code, **env)
    assert tuple(step["step"] for step in found["steps"]) == STEPS
    assert found["well"] is (code == 0)
    assert all(step["sentence"] for step in found["steps"])
    assert all(step["next"] for step in found["steps"] if step["result"] == "failed")
    return {step["step"]: step for step in found["steps"]}


def results(steps: dict[str, Any], *result: str) -> set[str]:
    return {name for name, step in steps.items() if step["result"] in result}

"""`mrx version`: which program this is, for whoever reports a fault."""

import platform
from importlib.metadata import PackageNotFoundError, version

import pysqlite3

from gateway.cli import answer
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson

app = noun()


@app.command("version", epilog="Example: mrx version --json")
def show_version(*, as_json: AsJson = False) -> None:
    """Say which version this is."""
    try:
        ours = version("mrx")
    except PackageNotFoundError:  # run from a source tree that is not installed
        ours = "unknown"
    facts = {
        "mrx": ours,
        "python": platform.python_version(),
        "sqlite": pysqlite3.sqlite_version,
    }
    answer.one(facts, json=as_json)

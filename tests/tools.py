"""Programs of other people whose word counts beside ours (see tests/tools.sh)."""

import os
import shutil

import pytest

PACKAGES = {
    "curl": "curl",
    "openssl": "openssl",
    "xmllint": "libxml2-utils",
    "promtool": "prometheus",
    "softhsm2-util": "softhsm2",
    "pkcs11-tool": "opensc",
}


def tool(name: str) -> str:
    """The program's path. A missing one is a skip at a desk and a failure in CI."""
    found = shutil.which(name)
    if found is None:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(f"no {name}: apt-get install {PACKAGES[name]}")
    assert found is not None
    return found

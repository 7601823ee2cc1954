"""One site for all, and a browser for each file of tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.gateway.console.browser import chromium, site


@pytest.fixture(scope="session")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[site.Site]:
    with site.standing(tmp_path_factory.mktemp("site")) as one:
        yield one


@pytest.fixture(scope="module")  # not longer: it keeps other event loops out of this thread
def browser() -> Iterator[Browser]:
    with chromium.launched() as one:
        yield one

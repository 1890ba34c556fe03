"""What tests of several rooms share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole run: Playwright wants no second one beside it."""
    with chromium() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser come last: from its first one on Playwright leaves an event loop running in this thread, in
    which nothing that begins one of its own can run any more.
    """
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))

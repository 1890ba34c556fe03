"""What tests of several rooms share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of tests. It ends with that: while Playwright runs, nothing else in this thread can begin
    an event loop.
    """
    with chromium() as running:
        yield running

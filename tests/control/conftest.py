"""A running server over a fake display loop, and ways to talk to it."""

from collections.abc import Iterator

import httpx
import pytest

from engine.control.server import ControlServer
from tests.control.fake_show import FakeShow, parameters
from tests.running import PATIENCE


@pytest.fixture
def show() -> Iterator[FakeShow]:
    with FakeShow(parameters()) as running:
        yield running


@pytest.fixture
def server(show: FakeShow) -> Iterator[ControlServer]:
    running = ControlServer(show.hub, port=0)
    running.start()
    yield running
    running.close()


@pytest.fixture
def http(server: ControlServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def calm_show() -> Iterator[FakeShow]:
    """For tests that leave the show as it was: they share one, and its server."""
    with FakeShow(parameters()) as running:
        yield running


@pytest.fixture(scope="module")
def calm_server(calm_show: FakeShow) -> Iterator[ControlServer]:
    running = ControlServer(calm_show.hub, port=0)
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def calm_http(calm_server: ControlServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=calm_server.url, timeout=PATIENCE) as client:
        yield client

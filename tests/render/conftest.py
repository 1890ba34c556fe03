"""One GL context for all tests of the picture: Mesa's software renderer through EGL."""

from collections.abc import Iterator

import pytest

from engine.render.context import GLContext, open_context


@pytest.fixture(scope="session")
def gl() -> Iterator[GLContext]:
    context = open_context()
    yield context
    context.close()

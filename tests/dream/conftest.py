from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dreaming import Source, drive, process_source, save_tiny, thread_source


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network."""
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny.safetensors")


@pytest.fixture(scope="session", params=[process_source, thread_source], ids=["process", "thread"])
def running(request: pytest.FixtureRequest, model: Path) -> Iterator[Source]:
    """A source that gives frames, for tests that do it no harm: starting one costs seconds of a loaded machine."""
    source: Source = request.param(model)
    source.start()
    drive(source, lambda: source.frames >= 1)
    yield source
    source.close()


@pytest.fixture
def opened() -> Iterator[Callable[[Source], Source]]:
    """Starts sources and closes them after the test."""
    sources: list[Source] = []

    def start(source: Source) -> Source:
        sources.append(source)
        source.start()
        return source

    yield start
    for source in sources:
        source.close()


@pytest.fixture(params=[process_source, thread_source], ids=["process", "thread"])
def kind(request: pytest.FixtureRequest) -> Callable[[Path], Source]:
    """Both kinds of worker: what holds for one holds for the other."""
    return request.param  # type: ignore[no-any-return]

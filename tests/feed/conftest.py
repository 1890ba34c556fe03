from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest
from feeding import save_tiny

from models.feed.registry import Registry


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five networks, a.safetensors to e.safetensors, for reading only."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return [save_tiny(folder / f"{name}.safetensors", seed) for seed, name in enumerate("abcde")]


@pytest.fixture(params=["folder", "url"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """An empty one in a folder, and one at an address."""
    if request.param == "folder":
        yield Registry(tmp_path / "feed")
        return
    place = f"memory://feed-{uuid4().hex}"
    yield Registry(place)
    files = fsspec.filesystem("memory")
    if files.exists(place):
        files.rm(place, recursive=True)

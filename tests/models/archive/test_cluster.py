"""An archive prepared on a cluster: really one, of two nodes on this machine, and one of them is really killed."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from models.archive.errors import ArchiveError
from models.archive.prepare import chunk, on_ray, ray_client
from models.archive.prepare.preparing import prepare
from models.archive.prepare.settings import Settings
from tests.models.archive.pictures import archive, encoded, jpeg, photo

SETTINGS = Settings((32, 32))
FILES = {f"{i:02d}.jpg": jpeg(i) for i in range(30)} | {
    "02 again.jpg": encoded(photo(2), "JPEG", quality=60),
    "broken.jpg": jpeg(7)[:-900],
}


class Nodes:
    """A cluster of two nodes that speaks on 127.0.0.1 alone."""

    def __init__(self) -> None:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # else Ray makes 127.0.0.1 an address others reach
        ray_client.library()
        from ray.cluster_utils import Cluster

        self.folder = mkdtemp(prefix="ray", dir="/tmp")  # a short path: it holds sockets
        node = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
        self.cluster = Cluster(True, head_node_args={**node, "temp_dir": self.folder}, shutdown_at_exit=False)
        self.second = self.cluster.add_node(**node)
        self.address = self.cluster.address

    def kill_second(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)

    def end(self) -> None:
        self.cluster.shutdown()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.end()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk, "CHUNK", 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archive(tmp_path / "archive", FILES)


def test_x(nodes: Nodes, folder: Path, tmp_path: Path) -> None:
    alone = prepare(folder, str(tmp_path / "alone" / "set"), SETTINGS, workers=1)
    many = prepare(folder, f"file://{tmp_path}/many/set", SETTINGS, ray=nodes.address)
    assert many == alone

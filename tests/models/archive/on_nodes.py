"""Tasks for a cluster in which something goes wrong: they run in its processes, which no patch of a test reaches."""

import os
import signal
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from models.archive.prepare import task
from models.archive.prepare.chunk import Item
from models.archive.prepare.settings import Settings
from models.archive.prepare.task import Places
from tests.running import PATIENCE

DOOMED = "REVERIE_TEST_DOOMED"  # is in the environment of the node that will be killed
DEADLY = "t:05.jpg"


def marks(places: Places) -> Path:
    """A folder for what tasks have to say, beside the archive."""
    folder = Path(places.originals).parent / "marks"
    folder.mkdir(exist_ok=True)
    return folder


def caught_by_the_kill(
    items: Sequence[Item], settings: Settings, places: Places, name: str, deadly: Collection[int] = ()
) -> tuple[int, bytes]:
    """The second task on the doomed node is in the middle of its work when that node is killed; the
    other node has done two by then and does the rest.
    """
    import ray

    node, said = ray.get_runtime_context().get_node_id(), marks(places)
    before = len(list(said.glob(f"*.{node}")))
    (said / f"{name}.{node}").touch()
    if DOOMED in os.environ and before == 1:
        (said / "caught.part").write_text(name)
        (said / "caught.part").rename(said / "caught")
        time.sleep(PATIENCE)
    elif before == 2:
        _wait_for(said / "caught")
    return task.prepare_chunk(items, settings, places, name, deadly)


def _wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)


def deadly_chunk(
    items: Sequence[Item], settings: Settings, places: Places, name: str, deadly: Collection[int] = ()
) -> tuple[int, bytes]:
    if any(item.id == DEADLY and n not in deadly for n, item in enumerate(items)):
        os.kill(os.getpid(), signal.SIGKILL)
    return task.prepare_chunk(items, settings, places, name, deadly)


def deadly_alone(item: Item, settings: Settings, places: Places) -> bool:
    if item.id == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return task.prepare_alone(item, settings, places)

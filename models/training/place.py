"""The folder that a run writes into: its own while it lasts, and none in which other work would be lost."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from models.files import write_atomically
from models.manifest import hash_file
from models.training.config import TrainConfig, TrainingError
from models.training.snapshots import BEST
from models.training.state import NAME

# What a run writes; of each, the power cut that ends a writing leaves a file beside it.
WRITTEN = (NAME, "network-*", "fakes_*", "best.*", "reals.png", "report.html", "history.jsonl")


def check_place(config: TrainConfig) -> None:
    """Nothing is written yet. Raises TrainingError where `out` cannot be a folder, or is not one for this run."""
    there = next(path for path in (config.out, *config.out.absolute().parents) if os.path.exists(path))
    if not there.is_dir():
        raise TrainingError(f"{config.out}: cannot be made a folder ({there} is a file); give another --out")
    if not os.access(there, os.W_OK):
        raise TrainingError(f"{config.out}: cannot be written to; give another --out")
    if os.path.isdir(config.data) and _real(config.out).is_relative_to(_real(config.data)):
        raise TrainingError(
            f"{config.out} lies in {config.data}, and what the run draws would be among the pictures it learns from;"
            " give another --out"
        )
    _check_other(config)


@contextmanager
def own_place(config: TrainConfig) -> Iterator[None]:
    """Make `out`, for this run alone until it ends, however it ends. Raises TrainingError where that cannot be.

    Where nothing was written into it, it goes again. A run that goes on from another folder takes its best along.
    """
    missing = [folder for folder in (config.out, *config.out.parents) if not os.path.exists(folder)]
    try:
        config.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{config.out}: cannot be made a folder ({error.strerror}); give another --out") from None
    descriptor = os.open(config.out, os.O_RDONLY)
    try:
        _lock(descriptor, config.out)
        _check_other(config)  # one may have come and gone while the pictures were read
        _clear(config.out)
        _take_along(config)
        yield
    finally:
        os.close(descriptor)
        with suppress(OSError):  # one is not empty, or was never made
            for folder in missing:
                folder.rmdir()


def _check_other(config: TrainConfig) -> None:
    """Raise TrainingError where the state of another run would be written over."""
    goes_on = config.resume is not None and _real(config.resume) == _real(config.out)
    if os.path.exists(config.out / NAME) and not goes_on:
        raise TrainingError(f"{config.out} holds a run; go on with it by --resume {config.out}, or give another --out")


def _take_along(config: TrainConfig) -> None:
    if config.resume is None or _real(config.resume) == _real(config.out):
        return
    for file in (config.resume / BEST, hash_file(config.resume / BEST)):
        if file.exists():
            write_atomically(config.out / file.name, partial(shutil.copyfile, file))


def _real(path: Path) -> Path:
    """Where links lead; unlike Path.resolve it has an answer where they lead in a circle."""
    return Path(os.path.realpath(path))


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TrainingError(f"another run is writing into {folder}; end it first, or give another --out") from None
    except OSError:  # a file system without locks: then people must see to it
        return


def _clear(folder: Path) -> None:
    """Take away what a writing that was cut short has left."""
    for name in WRITTEN:
        for path in folder.glob(f".{name}.tmp" if name.endswith("*") else f".{name}.*.tmp"):
            path.unlink(missing_ok=True)

"""From a path to a set of pictures: what kind it is, and all that must be right about it before a run begins."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from models.files import is_device
from models.training.config import TrainingError
from models.training.data.decode import decode, size_of
from models.training.data.fingerprint import Fingerprint
from models.training.data.folder import Folder
from models.training.data.images import ImageSet
from models.training.data.labels import check_names, labels_of
from models.training.data.metadata import facts_of
from models.training.data.room import cores, room
from models.training.data.shards import Shards
from models.training.data.sizes import Sizes
from models.training.data.source import SUFFIXES, Source
from models.training.data.zipped import Zip

Progress = Callable[[int, int], None]


def open_set(
    path: Path,
    shape: tuple[int, int],
    *,
    labels: bool = True,
    memory: int | None = None,
    progress: Progress | None = None,
) -> ImageSet:
    """A StyleGAN zip, a folder with all its levels, Hugging Face's imagefolder, or WebDataset's shards.

    Every file is read once: for the hash, and to see that it is a picture. Sets that take at most `memory` bytes
    (None: a quarter of the machine's) are decoded then. Others are decoded by `batch`, which is where a picture whose
    head is right and whose rest is damaged shows. Each picture's middle is resized to `shape`, height and width.
    `labels=False` leaves the labels, but a list of them that names other pictures is of a damaged set all the same.
    `progress` is told how many are done, of how many.

    Raises TrainingError with one sentence.
    """
    try:
        source = _source(path)
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror}); mend that or give another --data") from None
    try:
        if not source.names:
            raise TrainingError(f"{path} holds no image; give a zip or folder of {', '.join(sorted(SUFFIXES))} files")
        facts = facts_of(source)
        if not labels:
            check_names(source)
        found = labels_of(source, facts) if labels else None
        held = _array(len(source.names), shape, room() if memory is None else memory)
        fingerprint = Fingerprint(path, facts)
        _take_in(source, shape, fingerprint, held, progress)
    except BaseException:
        source.close()
        raise
    return ImageSet(source, shape, found, fingerprint, None if held is None else torch.from_numpy(held))


def _source(path: Path) -> Source:
    if path.is_dir():
        folder = Folder(path)
        shards = [file for file in path.iterdir() if file.suffix == ".tar"]
        return folder if folder.names or not shards else Shards(path, shards)
    if is_device(path):
        raise TrainingError(f"{path} is a pipe or a device; give a zip or folder of images with --data")
    if not path.is_file():
        raise TrainingError(f"there is no {path}; give a zip or folder of images with --data")
    return Shards(path, [path]) if path.suffix == ".tar" else Zip(path)


def _array(count: int, shape: tuple[int, int], memory: int) -> np.ndarray | None:
    """For the pictures, if that takes no more memory."""
    return np.empty((count, 3, *shape), np.uint8) if count * 3 * shape[0] * shape[1] <= memory else None


def _take_in(
    source: Source, shape: tuple[int, int], fingerprint: Fingerprint, held: np.ndarray | None, progress: Progress | None
) -> None:
    """Read all pictures once, decoding them into `held` on every core."""
    sizes, running = Sizes(source), deque[Future[None]]()

    def place(index: int, data: bytes) -> None:
        if held is not None:
            held[index] = decode(data, shape, source.where(source.names[index]))

    with ThreadPoolExecutor(cores(), "opening") as pool:
        for index, name in enumerate(source.names):
            data = source.read(name)
            fingerprint.add(name, data)
            sizes.add(name, size_of(data, source.where(name)))
            running.append(pool.submit(place, index, data))
            if len(running) > 2 * cores():
                running.popleft().result()
            if progress is not None:
                progress(index + 1, len(source.names))
        for left in running:
            left.result()
    if source.uniform:
        sizes.check()

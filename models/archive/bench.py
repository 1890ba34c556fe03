"""How fast pictures are prepared: `reverie bench archive`. The real thing, on files made for it or on a user's own."""

import hashlib
import io
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError
from models.archive.prepare.decode import DAMAGE
from models.archive.prepare.preparing import Progress, prepare
from models.archive.prepare.settings import Settings
from models.archive.record import Entry, Record, Rights, Status

SHAPE = (866, 1155)  # height and width: a megapixel, 4:3
OCTAVES = 10
FALL = 0.6  # of amplitude from one octave to the next
GRAIN = 9  # levels of 255; with it a file is as large as a painting's, 370 kB
MANY = 100_000  # files of a user's folder that are looked at


def measure(
    count: int = 1000,
    folder: Path | None = None,
    side: int = 256,
    workers: int | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Prepare `count` made-up one-megapixel JPEGs, or the JPEGs of `folder`, to side² PNGs in a zip; images a second.

    Beside it the plain way on the same files and as many processes: each decoded whole, cropped, resized and saved by
    Pillow. Starting the processes and writing the set counts, a file that cannot be used does not. Raises ArchiveError.
    """
    workers = workers or os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="reverie-bench-") as name:
        place = Path(name)
        files = _made(place / "images", count) if folder is None else _found(folder, count)
        _catalogue(place / "archive", files)
        begin, busy = time.perf_counter(), _cpu_seconds()
        settings = Settings((side, side), near=None)
        done = prepare(place / "archive", str(place / "set.zip"), settings, workers=workers, progress=progress)
        middle, busy = time.perf_counter(), _cpu_seconds() - busy
        if not done.accepted:
            raise ArchiveError(f"{folder}: none of {len(files)} pictures can be prepared ({', '.join(done.rejected)})")
        decoded = _plainly(files, side, workers)
        end = time.perf_counter()
        sizes = [path.stat().st_size for path in files]
        rate, plain = done.accepted / (middle - begin), decoded / (end - middle)
        return {
            "images_per_s": round(rate, 1),
            "plain_images_per_s": round(plain, 1),
            "ratio": round(rate / plain, 2),
            "cpu_ms_per_image": round(1000 * busy / done.accepted, 2),
            "seconds": round(middle - begin, 2),
            "images": len(files),
            "accepted": done.accepted,
            "mean_megapixels": round(float(np.mean([_megapixels(path) for path in files])), 2),
            "mean_kb": round(sum(sizes) / len(sizes) / 1000),
            "side": side,
            "processes": workers,
        }


def _made(folder: Path, count: int) -> list[Path]:
    """Photo-like files, the same on every machine: parts of one large field of noise."""
    rng = np.random.default_rng(1929)
    height, width = SHAPE
    field = _field(rng, 2 * max(SHAPE))
    folder.mkdir(parents=True)
    paths = [folder / f"{index:06d}.jpg" for index in range(count)]
    for path in paths:
        top, left = rng.integers(0, len(field) - height), rng.integers(0, len(field) - width)
        part = Image.fromarray(field[top : top + height, left : left + width])
        part.save(path, "JPEG", quality=90)
    return paths


def _field(rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
    """RGB noise [side, side, 3] with light and shade of every size, and grain."""
    total = GRAIN / 45 * rng.normal(size=(side, side, 1)).astype(np.float32).repeat(3, axis=2)
    for octave in range(2, 2 + OCTAVES):
        noise = rng.normal(size=(3, 1 << octave, 1 << octave)).astype(np.float32)
        grey = noise[:1] + 0.3 * noise  # colours of a picture vary less than its light
        layers = [Image.fromarray(layer).resize((side, side), Image.Resampling.BICUBIC) for layer in grey]
        total += np.stack([np.asarray(layer) for layer in layers], axis=2) * FALL ** (octave - 2)
    field: NDArray[np.uint8] = np.clip(128 + 45 * total, 0, 255).astype(np.uint8)
    return field


def _found(folder: Path, count: int) -> list[Path]:
    paths = (path for path in islice(folder.rglob("*"), MANY) if path.suffix.lower() in (".jpg", ".jpeg"))
    try:
        folder.stat()
        found = sorted(path for path in paths if path.is_file())[:count]
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be read ({error.strerror}); name another folder") from None
    if not found:
        raise ArchiveError(f"{folder}: holds no .jpg file; name a folder of photographs, or none to have some made")
    return [path.absolute() for path in found]


def _catalogue(folder: Path, files: list[Path]) -> None:
    with Catalogue(folder, writing=True) as catalogue:
        catalogue.put(_entries(files))


def _entries(files: list[Path]) -> Iterator[Entry]:
    for path in files:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        yield Entry(Record(f"bench:{path}", "bench", rights=Rights.CC0), Status.FETCHED, file=str(path), sha256=sha256)


def _plainly(files: list[Path], side: int, workers: int) -> int:
    """How many files could be decoded."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
        return sum(executor.map(partial(_plain, side=side), files, chunksize=16))


def _plain(path: Path, side: int) -> bool:
    """One file as most tools do it, if it can be decoded."""
    try:
        with Image.open(path) as image:
            fitted = ImageOps.fit(image.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
    except DAMAGE:
        return False
    fitted.save(io.BytesIO(), "PNG")
    return True


def _cpu_seconds() -> float:
    """That this process and those of its children that ended have used."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _megapixels(path: Path) -> float:
    try:
        with Image.open(path) as image:
            return image.width * image.height / 1e6
    except DAMAGE:
        return 0.0

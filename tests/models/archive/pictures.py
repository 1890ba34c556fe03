"""Small made-up pictures and what holds them: an archive's folder as fetching leaves it."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.archive.catalogue import Catalogue
from models.archive.prepare.chunk import Item
from models.archive.record import Entry, Record, Rights, Status


def photo(seed: int, width: int = 160, height: int = 120) -> Image.Image:
    """A smooth picture with a little grain, another for each seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    return Image.fromarray(np.clip(smooth + rng.integers(-12, 13, smooth.shape), 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(seed: int, width: int = 160, height: int = 120) -> bytes:
    return encoded(photo(seed, width, height), "JPEG", quality=92)


class Files:
    """Files in memory, read as `process_chunk` reads them, with a count of how often."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.read: list[str] = []

    def __call__(self, name: str) -> bytes:
        self.read.append(name)
        try:
            return self.files[name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", name) from None

    @property
    def items(self) -> list[Item]:
        return [Item(f"t:{name}", name, hashlib.sha256(data).hexdigest()) for name, data in sorted(self.files.items())]


def archive(folder: Path, files: dict[str, bytes], **fields: Any) -> Path:
    """An archive whose works are fetched: ids `t:NAME`, public domain; `fields` as in Record."""
    entries = []
    for name, data in files.items():
        path = folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        given = {"title": name, "rights": Rights.PUBLIC_DOMAIN, **fields}
        sha256 = hashlib.sha256(data).hexdigest()
        record = Record(f"t:{name}", "t", **given)
        entries.append(Entry(record, Status.FETCHED, file=f"images/{name}", sha256=sha256, size=len(data)))
    with Catalogue(folder, writing=True) as catalogue:
        catalogue.put(entries)
    return folder

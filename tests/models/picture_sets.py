"""Small sets of noise pictures, in each form that training reads."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def picture(width: int = 20, height: int = 16, mode: str = "RGB", seed: int = 0) -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, format="PNG")
    return buffer.getvalue()


def filled(folder: Path, *names: str) -> Path:
    """A folder with a picture of its own for each name."""
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture(seed=seed))
    return folder


def as_zip(folder: Path) -> Path:
    """The folder's files, stored, in a zip beside it."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def zipped(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def sharded(path: Path, entries: dict[str, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def labelled(*labels: object) -> bytes:
    """A dataset.json."""
    return json.dumps({"labels": labels}).encode()

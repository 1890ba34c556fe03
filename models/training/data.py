"""Training images: a StyleGAN zip or a folder, decoded and resized once into memory."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from models.training.config import TrainingError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
MAX_PIXELS = 100_000_000
MAX_ENTRY_BYTES = 200_000_000
MAX_ARRAY_BYTES = 32 * 2**30

Progress = Callable[[int, int], None]


class ImageSet:
    """Images in memory: uint8 array [N, 3, H, W], and the SHA-256 of the bytes they were read from."""

    def __init__(self, images: np.ndarray, sha256: str) -> None:
        self.images = torch.from_numpy(images)
        self.sha256 = sha256

    def __len__(self) -> int:
        return self.images.shape[0]

    def sample(self, count: int, mirror: bool) -> Tensor:
        """`count` random images as float32 [count, 3, H, W] in [-1, 1], half of them mirrored when `mirror`."""
        batch = _scaled(self.images[torch.randint(len(self), (count,))])
        if mirror:
            flip = torch.rand(count) < 0.5
            batch[flip] = batch[flip].flip(3)
        return batch

    def spread(self, count: int) -> Tensor:
        """At most `count` images, evenly from the whole set: float32 [<= count, 3, H, W] in [-1, 1]."""
        return _scaled(self.images[:: -(-len(self) // count)])


def _scaled(pixels: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return pixels.float().div_(127.5).sub_(1.0)


def load_images(path: Path, shape: tuple[int, int], progress: Progress | None = None) -> ImageSet:
    """Read every image of a zip or folder, its middle cropped and resized to `shape`, height and width.

    Raises TrainingError with one sentence.
    """
    names, entries = _open(path)
    if not names:
        raise TrainingError(f"{path} holds no image; give a zip or folder of {', '.join(sorted(SUFFIXES))} files")
    if len(names) * 3 * shape[0] * shape[1] > MAX_ARRAY_BYTES:
        raise TrainingError(
            f"{path} holds {len(names)} images, more than fit in memory at {shape[1]}x{shape[0]};"
            " train on a part of them"
        )
    images = np.empty((len(names), 3, *shape), dtype=np.uint8)
    digest = hashlib.sha256()
    for i, (name, data) in enumerate(entries):
        digest.update(data)
        images[i] = _decode(data, shape, f"{path}: {name}")
        if progress is not None:
            progress(i + 1, len(names))
    return ImageSet(images, digest.hexdigest())


def _open(path: Path) -> tuple[list[str], Iterator[tuple[str, bytes]]]:
    """Sorted names of the images in a folder or zip, and an iterator over (name, bytes) in that order."""
    if path.is_dir():
        names = sorted(
            str(p.relative_to(path)) for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES
        )
        return names, ((name, (path / name).read_bytes()) for name in names)
    if not path.is_file():
        raise TrainingError(f"there is no {path}; give a zip or folder of images with --data")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise TrainingError(
            f"{path} is not a zip file that can be read ({error}); give a zip or folder of images"
        ) from None
    names = sorted(name for name in archive.namelist() if Path(name).suffix.lower() in SUFFIXES)
    return names, _entries(archive, path, names)


def _entries(archive: zipfile.ZipFile, path: Path, names: list[str]) -> Iterator[tuple[str, bytes]]:
    with archive:
        for name in names:
            if archive.getinfo(name).file_size > MAX_ENTRY_BYTES:
                raise TrainingError(f"{path}: {name} is larger than {MAX_ENTRY_BYTES} bytes; take it out of the zip")
            try:
                yield name, archive.read(name)
            except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
                raise TrainingError(f"{path}: {name} cannot be unpacked ({error}); make the zip again") from None


def _decode(data: bytes, shape: tuple[int, int], where: str) -> np.ndarray:
    """One image file to uint8 [3, *shape]."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TrainingError(
                    f"{where} has {image.width}x{image.height} pixels, more than {MAX_PIXELS}; make it smaller"
                )
            upright = ImageOps.exif_transpose(image)
            if upright.mode == "P":
                upright = upright.convert("RGBA")  # a palette may hold transparency
            fitted = ImageOps.fit(upright.convert("RGB"), (shape[1], shape[0]), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TrainingError(
            f"{where} is not an image that can be decoded ({error}); replace it or take it out"
        ) from None
    return np.asarray(fitted).transpose(2, 0, 1)

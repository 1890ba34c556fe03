"""Grids of pictures."""

import io
import math
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.files import write_atomically
from models.seeds import LARGEST_SEED

MOST_SEEDS = 1024
_RANGE = re.compile(r"\s*([0-9]{1,19})(?:\s*-\s*([0-9]{1,19}))?\s*")


class GridError(Exception):
    """Seeds that cannot be understood or a picture that cannot be written, in one sentence."""


def parse_seeds(text: str) -> list[int]:
    """The seeds of a text such as `0-15,20`, in its order. Raises GridError."""
    seeds: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise GridError(f"seeds {text!r}: {part.strip()!r} is no seed; write numbers and ranges such as 0-15,20")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last <= LARGEST_SEED or last - first >= MOST_SEEDS - len(seeds):
            raise GridError(f"seeds {text!r}: from low to high, and {MOST_SEEDS} of them at most")
        seeds.extend(range(first, last + 1))
    return seeds


def generate(
    model: Any,
    z: Tensor,
    c: Tensor | None,
    truncation_psi: float,
    out: Path,
    watch: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> None:
    """Write a PNG grid of what `model` makes of z [N, z_dim] and c [N, c_dim], whole or not at all.

    `watch` may draw a progress bar. Raises GridError.
    """
    if out.suffix.lower() != ".png" or os.path.isdir(out):
        raise GridError(f"{out} cannot be the picture; name a file ending in .png with --output")
    with torch.inference_mode():
        pictures = [
            levels_of(model(z[i : i + 1], None if c is None else c[i : i + 1], truncation_psi))
            for i in watch(range(len(z)))
        ]
    file = io.BytesIO()
    Image.fromarray(tile(np.concatenate(pictures))).save(file, "PNG")
    try:
        write_atomically(out, lambda part: part.write_bytes(file.getvalue()))
    except OSError as error:
        raise GridError(f"{out} cannot be written ({error.strerror}); choose another place") from None


def levels_of(images: Tensor) -> np.ndarray:
    """Images [N, 3 or 1, H, W] in [-1, 1] -> uint8 [N, 3, H, W]"""
    levels = (images.detach().float().cpu() * 127.5 + 128).clamp(0, 255).byte()
    return levels.expand(-1, 3, -1, -1).numpy()


def tile(pictures: np.ndarray) -> np.ndarray:
    """Pictures [N, 3, H, W], uint8 -> [rows * H, columns * W, 3], about square; missing ones are black."""
    count, channels, height, width = pictures.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * columns, channels, height, width), dtype=np.uint8)
    sheet[:count] = pictures
    sheet = sheet.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)  # [rows, H, columns, W, 3]
    return sheet.reshape(rows * height, columns * width, channels)

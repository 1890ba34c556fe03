"""PNG files are what any reader takes them for, and the same bytes in every process."""

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from models.archive.prepare.png import png
from tests.models.archive.pictures import encoded, photo

ELSEWHERE = """
import os, sys
from models.archive.prepare.png import png
from tests.models.archive.pictures import photo
rubbish = [os.urandom(60_000 * n) for n in range(int(sys.argv[1]))]  # another memory than the other process has
del rubbish
print(__import__("hashlib").sha256(b"".join(png(photo(seed, 256, 256)) for seed in range(4))).hexdigest())
"""


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (33, 20), (256, 256)])
def test_a_png_is_read_back_exactly(size: tuple[int, int]) -> None:
    image = photo(1, *size)
    with Image.open(io.BytesIO(png(image))) as back:
        assert (back.format, back.mode, back.size) == ("PNG", "RGB", size)
        assert back.tobytes() == image.tobytes()
    with Image.open(io.BytesIO(png(image))) as back:
        back.verify()


def test_it_is_about_as_small_as_pillow_s() -> None:
    flat = Image.new("RGB", (256, 256), "#336699")
    assert len(png(flat)) < 2000
    assert len(png(photo(1, 256, 256))) < 1.03 * len(encoded(photo(1, 256, 256), "PNG", compress_level=1))


def test_every_process_writes_the_same_bytes() -> None:
    here = hashlib.sha256(b"".join(png(photo(seed, 256, 256)) for seed in range(4))).hexdigest()
    for rubbish in ("3", "40"):
        run = subprocess.run([sys.executable, "-c", ELSEWHERE, rubbish], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == here


def test_noise_survives() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(png(Image.fromarray(noise)))) as back:
        assert np.array_equal(np.asarray(back), noise)

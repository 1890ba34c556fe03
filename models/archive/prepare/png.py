"""PNG files of training images, whose bytes depend on their pixels alone.

Pillow's encoder gives other bytes for the same pixels from one process to the next (seen with Pillow 13.0, zlib-ng
2.3.3; https://www.w3.org/TR/png-3/ leaves the choice of filters open), and a set's hash is made of bytes. This one is
also twice as fast, and its files are a few per cent smaller: photographs hold no repetitions worth a search.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SPARSE = 4  # every so many bytes of a row tell which filter suits it
RGB8 = (8, 2, 0, 0, 0)  # bits, colour type, compression, filters, not interlaced


def png(image: Image.Image) -> bytes:
    """An RGB image as a PNG file."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    data = deflate.compress(_filtered(np.asarray(image))) + deflate.flush()
    header = struct.pack(">II5B", *image.size, *RGB8)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _filtered(pixels: NDArray[np.uint8]) -> bytes:
    """Each row [W * 3] of [H, W, 3] behind the number of its filter: 1 left, 2 up or 3 average, the smallest."""
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, width * channels)
    up, left = np.zeros_like(rows), np.zeros_like(rows)
    up[1:], left[:, channels:] = rows[:-1], rows[:, :-channels]
    average = (left & up) + ((left ^ up) >> 1)  # without a ninth bit
    filtered = np.stack([rows - left, rows - up, rows - average])
    tried = filtered[:, :, ::SPARSE].astype(np.int8).astype(np.int16)
    best = np.abs(tried).sum(axis=2).argmin(axis=0)
    numbers = (best + 1).astype(np.uint8)[:, None]
    return np.hstack([numbers, filtered[best, np.arange(height)]]).tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

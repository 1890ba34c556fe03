"""Latents of seeds and of files: what a network can use, and one sentence for anything else."""

import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from models.explore.grid import GridError
from models.explore.latents import of_seeds, read_latents

PLAIN: Any = SimpleNamespace(z_dim=4, c_dim=0)
LABELLED: Any = SimpleNamespace(z_dim=4, c_dim=3)
Z = np.arange(8, dtype=np.float32).reshape(2, 4)


def test_seeds_and_classes() -> None:
    z, c = of_seeds([1, 2, 1], LABELLED, None)
    assert z.shape == (3, 4)
    assert torch.equal(z[0], z[2])
    assert c is not None
    assert c.tolist() == [[1, 0, 0]] * 3
    assert of_seeds([1], PLAIN, None)[1] is None
    with pytest.raises(GridError, match="class 0 is not there: this network has no classes"):
        of_seeds([1], PLAIN, 0)


@pytest.mark.parametrize("z", [Z, Z.astype(np.float64), np.asfortranarray(Z), Z.astype(np.int16)])
def test_files(tmp_path: Path, z: Any) -> None:
    np.save(tmp_path / "z.npy", z)
    np.savez(tmp_path / "z.npz", z=z, c=np.eye(3)[[2, 0]], other=np.zeros(9))
    np.savez_compressed(tmp_path / "small.npz", z=z)
    for name in ("z.npy", "z.npz", "small.npz"):
        read, c = read_latents(tmp_path / name, LABELLED, None)
        assert read.tolist() == Z.tolist()
        assert c is not None
        assert c.argmax(dim=1).tolist() == ([2, 0] if name == "z.npz" else [0, 0])
    chosen = read_latents(tmp_path / "z.npz", LABELLED, 1)[1]
    assert chosen is not None
    assert chosen.argmax(dim=1).tolist() == [1, 1]
    assert read_latents(tmp_path / "z.npz", PLAIN, None)[1] is None


def header(shape: tuple[int, ...]) -> bytes:
    """The beginning of an array that claims that shape, and four numbers."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(16)


def stated(text: str) -> bytes:
    """The beginning of an array with any text as its header."""
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with that content as z."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("z.npy", content)
    return file.getvalue()


def test_files_that_hold_none(tmp_path: Path) -> None:
    bad: dict[str, bytes] = {
        "empty.npy": b"",
        "text.npy": b"hello, I am no array",
        "cut.npy": header((2, 4)),
        "wide.npy": header((1, 5)),
        "flat.npy": header((4,)),
        "large.npy": header((10**9, 4)),
        "name.txt": b"",
        "broken.npz": b"PK\x03\x04 and nothing",
        "unended.npy": stated("{'descr': ((("),
        "deep.npy": stated("-" * 9000 + "1"),
        "records.npy": header((1, 4)).replace(b"\x01\x00", b"\x02\x00", 1),
        "huge.npy": stated("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 4)}") + np.full(4, 1e300).tobytes(),
        "untidy.npy": stated("{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 5L)}") + bytes(20),
        "long.npz": zipped(b"\x93NUMPY\x02\x00\xff\xff\xff\x3f" + b" " * 10**6),
        "lzma.npz": zipped(header((1, 4)), zipfile.ZIP_LZMA),
        "deflate.npz": zipped(header((1, 4)))[:35] + b"\xff" * 25 + zipped(header((1, 4)))[60:],
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe.npy")
    np.save(tmp_path / "objects.npy", np.array([[{}, 1, 2, 3]], dtype=object), allow_pickle=True)
    np.save(tmp_path / "nan.npy", np.full((1, 4), np.nan, np.float32))
    np.savez(tmp_path / "no-z.npz", w=Z)
    np.savez(tmp_path / "uneven.npz", z=Z, c=np.eye(3))
    with zipfile.ZipFile(tmp_path / "liar.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z.npy", header((10**9, 4)))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(GridError, match=r"holds no latents: ") as caught:
            read_latents(path, LABELLED, None)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)
        assert ("array of records" in str(caught.value)) == (path.name in ("long.npz", "records.npy"))
    for path in (tmp_path, tmp_path / "nowhere.npz"):
        with pytest.raises(GridError, match=r"cannot be read|holds no latents"):
            read_latents(path, PLAIN, None)

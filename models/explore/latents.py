"""Which latents and classes to draw: of seeds, or of a file with arrays."""

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

from models.explore.grid import MOST_SEEDS, GridError
from models.files import is_device
from models.seeds import seed_z

Latents = tuple[Tensor, Tensor | None]
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LONGEST_REASON = 200
DAMAGE = (
    ValueError, SyntaxError, TypeError, LookupError, EOFError, MemoryError, RuntimeError, NotImplementedError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def of_seeds(seeds: Sequence[int], network: Any, label: int | None) -> Latents:
    """z [N, z_dim] of seeds, and the class as c [N, c_dim] where the network has classes. Raises GridError."""
    z = torch.from_numpy(np.stack([seed_z(seed, network.z_dim) for seed in seeds]))
    return z, _classes(network, label, len(seeds))


def read_latents(path: Path, network: Any, label: int | None) -> Latents:
    """z [N, z_dim], and c [N, c_dim], of a file: an .npz with `z` and maybe `c`, or an .npy with z alone.

    `label` goes before c of the file. Nothing is unpickled, and no more is read than a network can use. Raises
    GridError with one sentence.
    """
    try:
        z, c = _read(path, network)
    except OSError as error:
        raise GridError(f"{path}: cannot be read ({error.strerror}); check that it is a file and its rights") from None
    except DAMAGE as error:
        reason = str(error.args[0]).partition("\n")[0][:LONGEST_REASON] if error.args else "it is damaged"
        raise GridError(f"{path}: holds no latents: {reason}; give .npy or .npz files as numpy writes them") from None
    if label is not None or c is None:
        c = _classes(network, label, len(z))
    return z, c


def _read(path: Path, network: Any) -> Latents:
    if is_device(path):
        raise ValueError("it is no file but a device")
    if path.suffix == ".npy":
        with path.open("rb") as file:
            return _array(file, "z", network.z_dim), None
    if path.suffix != ".npz":
        raise ValueError("its name ends neither in .npy nor in .npz")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        z = _member(archive, "z", network.z_dim)
        if not network.c_dim or "c.npy" not in names:
            return z, None
        c = _member(archive, "c", network.c_dim)
    if len(c) != len(z):
        raise ValueError(f"it has {len(z)} z and {len(c)} c")
    return z, c


def _member(archive: zipfile.ZipFile, name: str, width: int) -> Tensor:
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in PACKED:
        raise ValueError(f"{info.filename} is compressed in a way that numpy does not know")
    with archive.open(info) as file:
        return _array(file, name, width)


def _array(file: IO[bytes], name: str, width: int) -> Tensor:
    """An array [N, width] of numbers, its claims checked before anything of that size is read."""
    if np.lib.format.read_magic(file) != (1, 0):  # the others are for records, and bring headers of up to 4 GiB
        raise ValueError(f"{name} is an array of records")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's advice on files of Python 2
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if len(shape) != 2 or shape[1] != width or not 1 <= shape[0] <= MOST_SEEDS or dtype.kind not in "fiu":
        raise ValueError(f"{name} is {dtype}{list(shape)}, expected up to {MOST_SEEDS} rows of {width} numbers")
    values = np.frombuffer(file.read(dtype.itemsize * shape[0] * width), dtype)
    with np.errstate(over="ignore"):
        values = values.reshape(shape, order="F" if fortran else "C").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds numbers that are not finite")
    return torch.from_numpy(values)


def _classes(network: Any, label: int | None, count: int) -> Tensor | None:
    """c [count, c_dim] of one class, the first unless another is asked for; None for a network without classes."""
    if label is not None and label >= network.c_dim:
        known = f"classes 0 to {network.c_dim - 1}" if network.c_dim else "no classes"
        raise GridError(f"class {label} is not there: this network has {known}; choose another or leave --class out")
    if not network.c_dim:
        return None
    c = torch.zeros(count, network.c_dim)
    c[:, label or 0] = 1.0
    return c

"""Numbers in a file: storages, the tensors that look into them, and numpy's small arrays.

Nothing is copied before it is asked for, and nothing may be larger than the bytes that are really there.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.convert.machine import Name, Stateful
from models.convert.refusal import Refused

STORAGES = {
    "torch.DoubleStorage": "<f8", "torch.FloatStorage": "<f4", "torch.HalfStorage": "<f2",
    "torch.BFloat16Storage": "bfloat16", "torch.LongStorage": "<i8", "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2", "torch.CharStorage": "<i1", "torch.ByteStorage": "<u1", "torch.BoolStorage": "<u1",
}  # fmt: skip
MOST_DIMENSIONS = 8
LARGEST_SIZE = 2**40
_PLAIN = re.compile(r"[<>|=]?(f[248]|[iu][1248]|b1)")


@dataclass(slots=True)
class Storage:
    """`numel` numbers of one type. `load` gives their bytes; None while the file has not said where they are."""

    dtype: str
    numel: int
    load: Callable[[], memoryview] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes in the file."""
        return self.numel * (2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize)

    def numbers(self) -> NDArray[Any]:
        """All numbers [numel] as they lie in the file, bfloat16 as its bits. Raises Refused."""
        if self.load is None:
            raise Refused("the numbers of a tensor are missing")
        data = self.load()
        if len(data) != self.nbytes:
            raise Refused(f"a tensor claims {self.nbytes} bytes and has {len(data)}")
        return np.frombuffer(data, "<u2" if self.dtype == "bfloat16" else self.dtype)


def storage(kind: Any, numel: Any) -> Storage:
    """A storage as a file announces it. Raises Refused."""
    if not isinstance(kind, Name) or kind.name not in STORAGES:
        raise Refused("a tensor has numbers of an unknown type")
    return Storage(STORAGES[kind.name], _size(numel))


@dataclass(frozen=True, slots=True)
class TensorView:
    """A tensor of a file: which numbers of a storage, in which order."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def values(self) -> NDArray[Any]:
        """The numbers, still in the file where the type allows. Raises Refused."""
        flat = self.storage.numbers()
        strides = tuple(step * flat.itemsize for step in self.stride)
        try:
            seen = np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, strides, writeable=False)
        except ValueError:  # no numbers at all, in more rows than numpy counts
            raise Refused(f"a tensor has the impossible shape {list(self.shape)}") from None
        return (seen.astype(np.uint32) << 16).view(np.float32) if self.storage.dtype == "bfloat16" else seen


def rebuild_tensor(source: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> TensorView:
    """What stands for torch's `_rebuild_tensor_v2`. Raises Refused for a view that leaves its storage."""
    if not isinstance(source, Storage) or not len(shape) == len(stride) <= MOST_DIMENSIONS:
        raise TypeError
    view = TensorView(source, _size(offset), tuple(map(_size, shape)), tuple(map(_size, stride)))
    numel = math.prod(view.shape)
    last = view.offset + sum((n - 1) * step for n, step in zip(view.shape, view.stride, strict=True))
    if numel > source.numel or (numel and last >= source.numel):
        raise Refused(f"a tensor of shape {list(view.shape)} is larger than the {source.numel} numbers behind it")
    return view


class Dtype(Stateful):
    """What stands for a numpy dtype: plain numbers only."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = _text(code)
        self.order = "="

    def describe(self, state: Any) -> None:
        """numpy's state: version, byte order, and fields that plain numbers leave empty."""
        self.order = _text(state[1])

    def numpy(self) -> np.dtype[Any]:
        """As numpy's own. Raises Refused for objects, records and text."""
        text = self.code if self.order == "|" else self.order + self.code
        if not _PLAIN.fullmatch(text):
            raise Refused(f"it holds a numpy array of {self.code!a}, which is no plain number")
        return np.dtype(text)


class Array(Stateful):
    """What stands for a numpy array while it is being read; `values` is empty until it is described."""

    def __init__(self, *_: Any) -> None:
        self.values: NDArray[Any] = np.zeros(0)

    def describe(self, state: Any) -> None:
        """numpy's state: version, shape, dtype, whether in Fortran order, bytes."""
        _, shape, dtype, fortran, data = state
        flat = np.frombuffer(data, _kind(dtype))
        self.values = flat.reshape(tuple(map(_size, shape)), order="F" if fortran else "C")


def from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> Array:
    """What stands for numpy's `_frombuffer`, which writes arrays from protocol 5 on."""
    made = Array()
    made.describe((1, shape, dtype, order == "F", data))
    return made


def scalar(dtype: Any, data: Any = None) -> Any:
    """What stands for numpy's `scalar`: the plain number."""
    return np.frombuffer(data, _kind(dtype)).item()


def _kind(dtype: Any) -> np.dtype[Any]:
    if not isinstance(dtype, Dtype):
        raise TypeError
    return dtype.numpy()


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 8:
        raise TypeError
    return value


def _size(number: Any) -> int:
    if type(number) is not int or not 0 <= number <= LARGEST_SIZE:
        raise Refused("a tensor or array claims an impossible size")
    return number

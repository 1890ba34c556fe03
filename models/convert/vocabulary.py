"""The Python objects that the files of known networks name, and the plain values that stand for them.

This is the whole allow-list. Each entry builds data; None is a name that may be spoken of but not called.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from models.convert.arrays import STORAGES, Array, Dtype, from_buffer, rebuild_tensor, scalar
from models.convert.machine import Stateful, Vocabulary, collection, mapping
from models.convert.refusal import Budget, Refused
from models.convert.torch_files import nested_storage

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


@dataclass(frozen=True, slots=True)
class Module:
    """A network or a part of one, as NVIDIA's code writes it: the name of its class and its attributes."""

    class_name: str
    state: dict[str, Any]


class Namespace(Stateful):
    """What stands for `argparse.Namespace`: how a training was started, which says nothing about its networks."""

    def describe(self, state: Any) -> None:
        """The attributes are left where they lie."""


def names(budget: Budget) -> Vocabulary:
    """The vocabulary of one file."""
    ordered = partial(_mapping, budget)
    known: dict[str, Any] = {
        "collections.OrderedDict": ordered,
        "dnnlib.EasyDict": ordered,
        "dnnlib.util.EasyDict": ordered,
        "argparse.Namespace": Namespace,
        "_codecs.encode": partial(_encode, budget),
        "torch_utils.persistence._reconstruct_persistent_obj": _module,
        "torch.storage._load_from_bytes": partial(nested_storage, budget),
        "torch._utils._rebuild_tensor_v2": rebuild_tensor,
        "torch._utils._rebuild_parameter": _parameter,
        "torch.Size": partial(_shape, budget),
        "torch.device": _device,
        "numpy.dtype": Dtype,
        "numpy.ndarray": None,
    }
    for module in ("builtins", "__builtin__"):
        known |= {f"{module}.set": partial(_collection, budget), f"{module}.bytes": _no_bytes}
    for module in ("numpy.core", "numpy._core"):
        known |= {
            f"{module}.multiarray.scalar": scalar,
            f"{module}.multiarray._reconstruct": Array,
            f"{module}.numeric._frombuffer": from_buffer,
        }
    return known | dict.fromkeys(STORAGES) | dict.fromkeys(f"torch.{name}" for name in DTYPES)


def _mapping(budget: Budget, items: Any = ()) -> dict[Any, Any]:
    budget.spend(len(items))
    return mapping(items.items() if isinstance(items, dict) else items)


def _collection(budget: Budget, items: Any = ()) -> set[Any]:
    budget.spend(len(items))
    return collection(items)


def _shape(budget: Budget, items: Any = ()) -> tuple[Any, ...]:
    budget.spend(len(items))
    return tuple(items)


def _module(meta: Any) -> Module:
    """The record of a module. `module_src`, the text of its program, is left where it lies."""
    if meta["type"] != "class" or not isinstance(meta["class_name"], str) or not isinstance(meta["state"], dict):
        raise Refused("it holds a persistent object that is no network")
    return Module(meta["class_name"], meta["state"])


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _device(*_: Any) -> None:
    """A device a tensor was on says nothing about its numbers."""


def _no_bytes() -> bytes:
    """How pickles of protocol 2 write empty bytes."""
    return b""


def _encode(budget: Budget, text: Any, encoding: Any) -> bytes:
    """Bytes, as pickles of protocol 2 write them."""
    if encoding != "latin1" or not isinstance(text, str):
        raise TypeError
    budget.copy(len(text))
    return text.encode("latin1")

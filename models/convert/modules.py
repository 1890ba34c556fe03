"""A network of NVIDIA's code as its file tells it: tensors by path, and the attributes of its parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from models.convert.arrays import TensorView
from models.convert.refusal import Refused
from models.convert.vocabulary import Module

KINDS = ("_parameters", "_buffers", "_modules")
MOST_PLACES = 10_000
LONGEST_PATH = 200
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Tree:
    """A network: `parts` by path (the network itself is ""), `tensors` by path, parameters and buffers alike."""

    parts: dict[str, Module]
    tensors: dict[str, TensorView]

    def attribute(self, path: str, name: str, default: object = _MISSING) -> Any:
        """An attribute of a part, or the argument it was made with. Raises Refused where it has neither."""
        state = self.parts[path].state if path in self.parts else {}
        arguments = state.get("_init_kwargs")
        for source in (state, arguments if isinstance(arguments, dict) else {}):
            if name in source:
                return source[name]
        if default is _MISSING:
            raise Refused(f"its part {path or 'network'} does not say its {name}")
        return default


def tree(root: Module) -> Tree:
    """Every part and tensor of a network. Raises Refused for one that is nested without end."""
    found = Tree({}, {})
    places = 0  # with those left empty
    waiting = [("", root)]
    while waiting:
        path, part = waiting.pop()
        found.parts[path] = part
        parameters, buffers, modules = (_members(part, kind) for kind in KINDS)
        places += 1 + len(parameters) + len(buffers) + len(modules)
        if places > MOST_PLACES:
            raise Refused("it has far more parts than a network")
        for name, tensor in chain(_filled(parameters, TensorView), _filled(buffers, TensorView)):
            found.tensors[_join(path, name)] = tensor
        waiting += [(_join(path, name), inner) for name, inner in _filled(modules, Module)]
    return found


def _members(part: Module, kind: str) -> dict[Any, Any]:
    """What stands under one of KINDS."""
    members = part.state.get(kind)
    if not isinstance(members, dict):
        raise Refused(f"its part {part.class_name[:40]!a} has no {kind}")
    return members


def _filled(members: dict[Any, Any], expected: type[Any]) -> Iterator[tuple[str, Any]]:
    """Those whose places are not left empty."""
    for name, member in members.items():
        if not isinstance(name, str) or not isinstance(member, expected | None):
            raise Refused("one of its parts is neither a tensor nor a network")
        if member is not None:
            yield name, member


def _join(path: str, name: str) -> str:
    whole = f"{path}.{name}" if path else name
    if len(whole) > LONGEST_PATH:
        raise Refused("its parts are nested without end")
    return whole

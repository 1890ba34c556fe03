"""A file with networks in a format of others, opened as data: what it is, and what is in it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from models.convert import rosinality, stylegan2, stylegan3
from models.convert.arrays import TensorView
from models.convert.machine import Machine
from models.convert.modules import tree
from models.convert.plan import Plan
from models.convert.refusal import Budget, Refused
from models.convert.stream import Stream
from models.convert.torch_files import MAGIC, read_stream, read_zip
from models.convert.vocabulary import Module, names
from models.errors import CheckpointError
from models.files import is_device
from models.manifest import LARGEST_FILE, unreadable
from models.names import SUFFIX

ROLES = ("G_ema", "G", "D")
NVIDIA = (
    "written by NVIDIA's StyleGAN code: the NVIDIA Source Code License allows non-commercial use only, "
    "research or evaluation"
)
KNOWN = "give an unchanged .pkl of StyleGAN2-ADA or StyleGAN3, or a .pt of rosinality's StyleGAN2"
UNKNOWN = "unknown: ask who trained this network, or published what it was trained or converted from"
NO_MEMORY = "it needs more memory than this machine has free"
_SET = {"resolution": "resolution", "max_size": "images", "use_labels": "labels", "xflip": "mirrored"}


@dataclass(frozen=True)
class Contents:
    """What a file holds. `networks` by role: G_ema (the average to show), G and D (what a training goes on from)."""

    origin: str
    licence: str
    networks: Mapping[str, Callable[[], Plan]]
    trained_on: Mapping[str, int | bool]


@dataclass(frozen=True)
class Source:
    """An opened file."""

    path: Path
    sha256: str
    contents: Contents

    def plan(self, role: str) -> Plan:
        """How to build a network, checked but for its numbers. Raises CheckpointError."""
        networks = self.contents.networks
        if role not in networks:
            raise refused(self.path, f"it holds no {role}, only {', '.join(networks)}")
        try:
            plan = networks[role]()
            plan.check()
        except Refused as error:
            raise refused(self.path, str(error), role) from None
        return plan

    def build(self, role: str) -> Any:
        """A network with its weights in float32. Raises CheckpointError."""
        plan = self.plan(role)
        try:
            return plan.build()
        except Refused as error:
            raise refused(self.path, str(error), role) from None
        except MemoryError:
            raise refused(self.path, NO_MEMORY, role) from None


def open_source(path: Path) -> Source:
    """Read a StyleGAN pickle or a `.pt`. Nothing in it is executed. Raises CheckpointError with one sentence."""
    if path.suffix == SUFFIX:
        raise refused(path, "it is a .safetensors file already")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise refused(path, f"it is larger than {LARGEST_FILE >> 30} GiB")
        if is_device(path):
            raise refused(path, "it is no file but a device")
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    except MemoryError:
        raise refused(path, NO_MEMORY) from None
    try:
        contents = _contents(_read(data))
    except Refused as error:
        raise refused(path, str(error)) from None
    except MemoryError:
        raise refused(path, NO_MEMORY) from None
    return Source(path, hashlib.sha256(data).hexdigest(), contents)


def refused(path: Path, why: str, role: str = "") -> CheckpointError:
    """The error for a file that is not converted."""
    what = f"its {role} cannot be converted" if role else "it cannot be converted"
    return CheckpointError(f"{path}: {what}: {why}; {KNOWN}")


def _read(data: bytes) -> Any:
    budget = Budget(copies=len(data))
    if data.startswith(b"PK"):
        return read_zip(data, names(budget), budget)
    if not data.startswith(b"\x80"):
        raise Refused("it is neither a pickle nor a file of torch.save")
    found = Machine(names(budget), budget).read(Stream(memoryview(data)))
    return read_stream(memoryview(data), names(budget), budget) if found == MAGIC else found


def _contents(found: Any) -> Contents:
    if isinstance(found, Module):
        found = {ROLES[0]: found}
    if isinstance(found, dict):
        modules = {role: found[role] for role in ROLES if isinstance(found.get(role), Module)}
        if modules:
            plans = {role: partial(_of_module, role, module) for role, module in modules.items()}
            return Contents("NVIDIA StyleGAN pickle", NVIDIA, plans, _training_set(found.get("training_set_kwargs")))
        states = {role: found[role.lower()] for role in ROLES if isinstance(found.get(role.lower()), dict)}
        if states:
            plans = {role: partial(_of_state, role, state, found.get("latent_avg")) for role, state in states.items()}
            return Contents("rosinality StyleGAN2 checkpoint", UNKNOWN, plans, {})
    raise Refused("it holds no network: neither G_ema as NVIDIA's code writes it, nor g_ema as rosinality's does")


def _of_module(role: str, module: Module) -> Plan:
    parts = tree(module)
    if role == "D" and stylegan2.is_discriminator(parts):
        return stylegan2.critic(parts)
    if role != "D" and stylegan2.is_generator(parts):
        return stylegan2.generator(parts)
    if role != "D" and stylegan3.is_generator(parts):
        return stylegan3.generator(parts)
    raise Refused(f"it is a {module.class_name[:40]!a} of an architecture that is not known here")


def _of_state(role: str, state: dict[Any, Any], average: Any) -> Plan:
    tensors = {str(name)[:200]: view for name, view in state.items() if isinstance(view, TensorView)}
    if len(tensors) != len(state):
        raise Refused("its state dict holds something else than tensors")
    if role == "D":
        return rosinality.critic(tensors)
    return rosinality.generator(tensors, average if isinstance(average, TensorView) else None)


def _training_set(settings: Any) -> dict[str, int | bool]:
    """What the file says of the pictures it was trained on, without names or paths."""
    values = settings if isinstance(settings, dict) else {}
    return {ours: values[name] for name, ours in _SET.items() if isinstance(values.get(name), int)}

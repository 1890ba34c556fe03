"""Networks on disk: safetensors with a JSON manifest. Nothing is ever unpickled.

A show is given generators only; discriminators are kept apart from the registry of their architectures, for training.
"""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models import discriminator
from models.device import check_device
from models.errors import CheckpointError
from models.files import write_atomically
from models.manifest import FORMAT, KEY, Header, check_hash, damaged, hash_file, read_header, sha256, shown
from models.memory import return_freed_memory, usual_memory
from models.registry import architectures

Kinds = dict[str, tuple[type[BaseModel], Callable[..., nn.Module]]]

FLOATS = {"F16", "BF16", "F32"}
DISCRIMINATORS: Kinds = {discriminator.KIND: (discriminator.Config, discriminator.Discriminator)}


def save(path: Path, network: nn.Module, provenance: dict[str, Any], half: bool = True) -> None:
    """Write a generator or discriminator with its manifest, and its SHA-256 beside it, each whole or not at all.

    As float16, or exactly where `half` is off. `provenance` holds plain JSON values: where it was trained, on what, how
    long. Raises CheckpointError for weights that are not finite, OSError where the disk refuses.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    if half:
        tensors = {name: _compact(tensor) for name, tensor in tensors.items()}
    _check_finite(path, tensors)
    manifest = {
        "format": FORMAT,
        "architecture": architecture_of(network),
        "config": network.config.model_dump(),  # type: ignore[union-attr, operator]
        "provenance": provenance,
    }

    def write(part: Path) -> None:
        save_file(tensors, part, metadata={KEY: json.dumps(manifest)})
        hash_file(path).unlink(missing_ok=True)  # from here to the end a reader finds no hash rather than a wrong one

    write_atomically(path, write)
    line = sha256(path).encode() + b"  " + os.fsencode(path.name) + b"\n"
    write_atomically(hash_file(path), lambda part: part.write_bytes(line))


def load(path: Path, device: str = "cpu") -> Any:
    """The generator in a file, as float32 on `device`, in evaluation mode. Raises CheckpointError with one sentence.

    What the file claims is checked against its architecture before anything of that size is allocated.
    """
    return _load(path, device, _generators())


def load_discriminator(path: Path, device: str = "cpu") -> Any:
    """The discriminator in a file; otherwise as `load`."""
    return _load(path, device, DISCRIMINATORS)


def empty(path: Path) -> nn.Module:
    """The generator or discriminator of a file as its manifest describes it, without any memory behind its tensors.

    The table of tensors in the file is known to fit. Raises CheckpointError.
    """
    return _empty(path, read_header(path), _generators() | DISCRIMINATORS)


def read_tensors(path: Path, names: Iterable[str], device: str | torch.device = "cpu") -> dict[str, Tensor]:
    """Some tensors of a checkpoint as float32 on `device`. Raises CheckpointError."""
    try:
        return {name: _read(path, name).to(device) for name in names}
    except (SafetensorError, OSError) as error:
        raise damaged(path, str(error).splitlines()[0]) from None


def architecture_of(network: nn.Module) -> str:
    """The name of the architecture whose Generator, or Discriminator, this is."""
    if isinstance(network, discriminator.Discriminator):
        return discriminator.KIND
    return next(name for name, module in architectures().items() if isinstance(network, module.Generator))


def _generators() -> Kinds:
    return {name: (module.Config, module.Generator) for name, module in architectures().items()}


def _load(path: Path, device: str, kinds: Kinds) -> nn.Module:
    where = check_device(device)
    header = read_header(path)
    check_hash(path)
    network = _empty(path, header, kinds)
    return_freed_memory()
    try:
        tensors = read_tensors(path, header.tensors, where)
    finally:
        usual_memory()
    _check_finite(path, tensors)
    network.load_state_dict(tensors, assign=True)
    return network.eval().requires_grad_(False)


def _read(path: Path, name: str) -> Tensor:
    """One tensor as float32. The file is a window into memory while it is open: opened for each, never all is there."""
    with safe_open(path, framework="pt") as file:
        tensor: Tensor = file.get_tensor(name)
        return tensor.to(torch.float32, copy=True)


def _empty(path: Path, header: Header, kinds: Kinds) -> nn.Module:
    name = header.manifest["architecture"]
    if name not in kinds:
        known = ", ".join(sorted(kinds))
        raise CheckpointError(f"{path}: its architecture '{shown(name)}' is not known here; known are {known}")
    settings, make = kinds[name]
    try:
        config = settings.model_validate(header.manifest["config"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise damaged(path, f"its config {shown('.'.join(map(str, first['loc'])))}: {first['msg']}") from None
    with torch.device("meta"):
        network = make(**config.model_dump())
    _compare(path, header, network)
    return network


def _compare(path: Path, header: Header, network: nn.Module) -> None:
    """Hold the table of tensors against what the architecture needs: the same names, the same shapes, plain floats."""
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name in expected.keys() ^ header.tensors.keys():
        what = "lacks" if name in expected else "has an unknown"
        raise damaged(path, f"it {what} tensor {shown(name)}")
    for name, (dtype, shape) in header.tensors.items():
        if shape != expected[name] or dtype not in FLOATS:
            raise damaged(path, f"tensor {name} is {shown(dtype)}{list(shape)}, expected floats {list(expected[name])}")


def _compact(tensor: Tensor) -> Tensor:
    """As float16, or as float32 where float16 would overflow."""
    half = tensor.to(torch.float16)
    return (half if bool(half.isfinite().all()) else tensor.float()).contiguous()


def _check_finite(path: Path, tensors: dict[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise damaged(path, f"tensor {name} holds numbers that are not finite")

"""Generators on disk: safetensors with a JSON manifest. Nothing is ever unpickled."""

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.errors import CheckpointError
from models.files import write_atomically
from models.manifest import FORMAT, KEY, Header, check_hash, damaged, hash_file, read_header, sha256
from models.registry import architectures

FLOATS = {"F16", "BF16", "F32"}


def save(path: Path, generator: nn.Module, provenance: dict[str, Any]) -> None:
    """Write a generator as float16 with its manifest, and its SHA-256 beside it, each whole or not at all.

    `provenance` holds plain JSON values: where it was trained, on what, how long. Raises CheckpointError for weights
    that are not finite, OSError where the disk refuses.
    """
    tensors = {name: _compact(tensor.detach().cpu()) for name, tensor in generator.state_dict().items()}
    _check_finite(path, tensors)
    manifest = {
        "format": FORMAT,
        "architecture": architecture_of(generator),
        "config": generator.config.model_dump(),  # type: ignore[union-attr, operator]
        "provenance": provenance,
    }
    hash_file(path).unlink(missing_ok=True)  # between the two files a reader finds no hash rather than a wrong one
    write_atomically(path, lambda part: save_file(tensors, part, metadata={KEY: json.dumps(manifest)}))
    write_atomically(hash_file(path), lambda part: part.write_text(f"{sha256(path)}  {path.name}\n"))


def load(path: Path, device: str = "cpu") -> Any:
    """The generator in a file, as float32 on `device`, in evaluation mode. Raises CheckpointError with one sentence.

    What the file claims is checked against its architecture before anything of that size is allocated.
    """
    header = read_header(path)
    check_hash(path)
    generator = _empty(path, header)
    _compare(path, header, generator)
    try:
        tensors = load_file(path, device=device)
    except (SafetensorError, OSError) as error:
        raise damaged(path, str(error).splitlines()[0]) from None
    _check_finite(path, tensors)
    generator.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    return generator.eval().requires_grad_(False)


def architecture_of(generator: nn.Module) -> str:
    """The name of the architecture whose Generator this is."""
    return next(name for name, module in architectures().items() if isinstance(generator, module.Generator))


def _empty(path: Path, header: Header) -> nn.Module:
    """A generator as the manifest describes it, without any memory behind its tensors."""
    name = header.manifest["architecture"]
    module = architectures().get(name)
    if module is None:
        known = ", ".join(sorted(architectures()))
        raise CheckpointError(f"{path}: its architecture {name!r} is not known here; known are {known}")
    try:
        config = module.Config.model_validate(header.manifest["config"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise damaged(path, f"its config {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    with torch.device("meta"):
        generator: nn.Module = module.Generator(**config.model_dump())
    return generator


def _compare(path: Path, header: Header, generator: nn.Module) -> None:
    """Hold the table of tensors against what the architecture needs: the same names, the same shapes, plain floats."""
    expected = {name: tuple(tensor.shape) for name, tensor in generator.state_dict().items()}
    for name in expected.keys() ^ header.tensors.keys():
        what = "lacks" if name in expected else "has an unknown"
        raise damaged(path, f"it {what} tensor {name[:80]}")
    for name, (dtype, shape) in header.tensors.items():
        if shape != expected[name] or dtype not in FLOATS:
            raise damaged(path, f"tensor {name} is {dtype}{list(shape)}, expected floats {list(expected[name])}")


def _compact(tensor: Tensor) -> Tensor:
    """As float16, or as float32 where float16 would overflow."""
    half = tensor.to(torch.float16)
    return (half if bool(half.isfinite().all()) else tensor.float()).contiguous()


def _check_finite(path: Path, tensors: dict[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise damaged(path, f"tensor {name} holds numbers that are not finite")

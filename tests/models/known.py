"""Networks with known answers: small ones in vectors/, and the published ones where shared/reference lies beside the
checkout.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models import registry
from models.base import GeneratorBase
from models.convert import open_source

VECTORS = Path(__file__).with_name("vectors")
SMALL = sorted(path.stem for path in VECTORS.glob("*.npz"))

_ROOT = Path(__file__).parents[2]
REFERENCE = next((folder for folder in (_ROOT, _ROOT.parent) if (folder / "shared/reference").is_dir()), _ROOT)
REFERENCE = REFERENCE / "shared/reference"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="there is no shared/reference")


@dataclass(frozen=True)
class Small:
    """A small network with every parameter random, and what it gives in float64.

    `pictures` holds for each case the arguments of synthesis beside `ws`, and the image.
    """

    generator: GeneratorBase
    z: Tensor
    c: Tensor | None
    w_psi1: Tensor
    w_psi07_cutoff3: Tensor
    ws: Tensor
    pictures: dict[str, tuple[dict[str, Any], Tensor]]


def small(name: str) -> Small:
    """The network of vectors/NAME.npz, in float32 and ready to use; answers are float32."""
    with np.load(VECTORS / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    design = json.loads(str(arrays["design"]))
    module = registry.architectures()[design["architecture"]]
    generator = module.Generator(**module.Config.model_validate(design["config"]).model_dump())
    generator.load_state_dict(_split(tensor(arrays["state"]), generator.state_dict()))
    return Small(
        generator.eval().requires_grad_(False),
        tensor(arrays["z"]),
        tensor(arrays["c"]) if generator.c_dim else None,
        tensor(arrays["w_psi1"]),
        tensor(arrays["w_psi07_cutoff3"]),
        tensor(arrays["ws"]),
        {
            case: ({key: _argument(value) for key, value in arguments.items()}, tensor(arrays[f"image.{case}"]))
            for case, arguments in design["cases"].items()
        },
    )


def reference(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file of shared/reference."""
    with np.load(REFERENCE / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def published(name: str, role: str) -> nn.Module:
    """A new network from a pickle of shared/reference: its G_ema, G or D."""
    return open_source(REFERENCE / f"{name}.pkl").build(role)


def tensor(array: NDArray[Any]) -> Tensor:
    """As float32."""
    return torch.from_numpy(np.array(array, dtype=np.float32))


def _split(numbers: Tensor, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """A row of numbers as tensors by name, in alphabetical order."""
    names = sorted(like)
    parts = numbers.split([like[name].numel() for name in names])
    return {name: part.view_as(like[name]) for name, part in zip(names, parts, strict=True)}


def _argument(value: Any) -> Any:
    return torch.tensor(value) if isinstance(value, list) else value


def largest(found: Tensor, expected: Tensor | NDArray[Any]) -> float:
    """Largest absolute difference of two tensors of one shape."""
    expected = torch.as_tensor(expected)
    assert found.shape == expected.shape
    return (found.double() - expected.double()).abs().max().item()

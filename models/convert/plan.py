"""What a network of a file becomes: one of ours, its settings, and where each weight comes from."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ValidationError
from torch import Tensor, nn

from models.convert.arrays import TensorView
from models.convert.refusal import Refused

TAPS = np.array([1.0, 3.0, 3.0, 1.0]) / 8.0
FIR = np.outer(TAPS, TAPS)
FLOATS = {"<f2", "<f4", "<f8", "bfloat16"}
SMALLEST_BASE = 64
SAMPLES = 10_000
SAMPLE_SEED = 1929


@dataclass(frozen=True, slots=True)
class Weight:
    """Numbers of the file, times `gain`."""

    view: TensorView
    gain: float = 1.0

    def tensor(self, shape: torch.Size) -> Tensor:
        """As float32, in a shape that holds as many."""
        values = self.view.values()
        if self.gain != 1.0:
            values = values.astype(np.float64) * self.gain
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused with its name
            return torch.from_numpy(np.array(values, dtype=np.float32, order="C")).reshape(shape)


@dataclass(frozen=True)
class Plan:
    """A network to be built. `zeros` names tensors that the file need not have; `averages_w`: w_avg is measured."""

    network: Callable[..., nn.Module]
    config: type[BaseModel]
    settings: dict[str, Any]
    weights: Mapping[str, Weight]
    zeros: frozenset[str] = frozenset()
    averages_w: bool = False

    def empty(self) -> nn.Module:
        """The network without any memory behind its tensors. Raises Refused where the file asks for too much."""
        try:
            config = self.config.model_validate(self.settings)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise Refused(f"its {'.'.join(map(str, first['loc']))} is not supported: {first['msg']}") from None
        with torch.device("meta"):
            return self.network(**config.model_dump())

    def check(self) -> nn.Module:
        """The empty network, held against the file. Raises Refused for tensors too many, missing or misshapen."""
        network = self.empty()
        expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
        for name in sorted(expected.keys() - self.zeros - self.weights.keys()):
            raise Refused(f"it lacks tensor {name}")
        for name, weight in self.weights.items():
            if name not in expected:
                raise Refused(f"it has the unknown tensor {name[:80]!a}")
            if weight.view.storage.dtype not in FLOATS:
                raise Refused(f"tensor {name} holds {weight.view.storage.dtype} and no floats")
            if _squeezed(weight.view.shape) != _squeezed(expected[name]):
                raise Refused(f"tensor {name} is {list(weight.view.shape)}, expected {list(expected[name])}")
        return network

    def build(self) -> nn.Module:
        """The network with its weights. Raises Refused as `check` does, and for numbers that are not finite."""
        network = self.check()
        tensors = {name: self._tensor(name, tensor.shape) for name, tensor in network.state_dict().items()}
        network.load_state_dict(tensors, assign=True)
        network.eval().requires_grad_(False)
        if self.averages_w:
            _average_w(network)
        return network

    def _tensor(self, name: str, shape: torch.Size) -> Tensor:
        if name not in self.weights:
            return torch.zeros(shape)
        tensor = self.weights[name].tensor(shape)
        if not bool(tensor.isfinite().all()):
            raise Refused(f"tensor {name} holds numbers that are not finite")
        return tensor


def channels(widths: Mapping[int, int]) -> dict[str, int]:
    """`channel_base` and `channel_max` of a network with that many channels at each resolution."""
    largest = max(widths.values())
    narrow = [resolution * width for resolution, width in widths.items() if width < largest]
    narrowing_nothing = max(max(widths) * largest, SMALLEST_BASE)
    return {"channel_base": max(narrow, default=narrowing_nothing), "channel_max": largest}


def check_fir(path: str, view: TensorView) -> None:
    """Raise Refused for a resampling filter that is not ours, whatever its gain."""
    values = view.values() if view.shape == FIR.shape else np.zeros(1)
    if not np.allclose(values / (values.sum() or 1.0), FIR, atol=1e-6):
        raise Refused(f"its {path} is not the supported filter [1, 3, 3, 1]")


def log2(text: str) -> int:
    """The exponent of a resolution in a name. Raises Refused."""
    number = int(text)
    if number < 4 or number & (number - 1):
        raise Refused(f"it has a block of resolution {text}, which is no power of two")
    return int(math.log2(number))


def _squeezed(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n != 1]


@torch.no_grad()
def _average_w(network: Any) -> None:
    """Measure the mean w that truncation moves towards, over seeded z."""
    random = torch.Generator().manual_seed(SAMPLE_SEED)
    z = torch.randn(SAMPLES, network.z_dim, generator=random)
    network.mapping.w_avg.copy_(network.mapping.map_w(z).mean(dim=0))

"""The pictures that are compared: a network's, from a fixed series of latents, and a set's."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.explore.grid import levels_of
from models.metrics.errors import MetricsError

PIXELS_AT_ONCE = 2**17
MOST_AT_ONCE = 32


Shape = tuple[int, int]  # height and width


class Pictures(Protocol):
    """A set of pictures, as far as metrics look at it."""

    labels: Tensor | None  # class of each picture, int64 [len]

    def __len__(self) -> int: ...

    def batch(self, indices: Sequence[int]) -> Tensor:
        """uint8 [len(indices), 3, H, W]"""
        ...


def at_once(shape: Shape) -> int:
    """How many pictures of that height and width go through a network together."""
    return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // (shape[0] * shape[1])))


def reals(pictures: Pictures, count: int, size: int, seed: int) -> Iterator[Tensor]:
    """`count` different pictures of a set, in batches of at most `size`: uint8 [n, 3, H, W]."""
    return _taken(pictures, _shuffled(pictures, seed)[:count], size)


def halves(pictures: Pictures, count: int, size: int, seed: int) -> tuple[Iterator[Tensor], Iterator[Tensor]]:
    """Twice `count` pictures of a set, of which none is in both: the first are those of `reals`."""
    order = _shuffled(pictures, seed)
    return _taken(pictures, order[:count], size), _taken(pictures, order[count : 2 * count], size)


def _shuffled(pictures: Pictures, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(len(pictures))


def _taken(pictures: Pictures, chosen: NDArray[np.int64], size: int) -> Iterator[Tensor]:
    chosen = np.sort(chosen)
    for start in range(0, len(chosen), size):
        yield pictures.batch(chosen[start : start + size].tolist())


def fakes(
    network: Any, pictures: Pictures, count: int, size: int, truncation_psi: float, seed: int
) -> Iterator[Tensor]:
    """`count` pictures of a generator, in batches of at most `size`: uint8 [n, 3, H, W] on the CPU.

    Noise is constant, as on the wall: a network that paints its forms with noise shows the same ones again and again,
    and shall not be praised for others. Classes come as often as in the set. Raises MetricsError.
    """
    random = np.random.default_rng(seed)
    z = torch.from_numpy(random.standard_normal((count, network.z_dim), dtype=np.float32))
    c = _classes(network.c_dim, pictures, count, random)
    device = network.mapping.w_avg.device
    with torch.inference_mode():
        for some in torch.split(torch.arange(count), size):
            label = None if c is None else c[some].to(device)
            ws = network.mapping(z[some].to(device), label, truncation_psi=truncation_psi)
            images = network.synthesis(ws, noise_mode="const")
            if not bool(images.isfinite().all()):
                raise MetricsError("the network draws pictures that are not finite; give another, or an earlier one")
            yield torch.from_numpy(levels_of(images))


def _classes(c_dim: int, pictures: Pictures, count: int, random: np.random.Generator) -> Tensor | None:
    """One-hot [count, c_dim], drawn from the set's labels; of all classes alike where these are not the network's."""
    if not c_dim:
        return None
    labels = pictures.labels
    if labels is None or not len(labels) or int(labels.max()) >= c_dim:
        chosen = torch.from_numpy(random.integers(0, c_dim, count))
    else:
        chosen = labels[torch.from_numpy(random.integers(0, len(labels), count))]
    return torch.nn.functional.one_hot(chosen, c_dim).float()

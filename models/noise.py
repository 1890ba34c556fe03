"""Noise that turns: each layer's own noise field and white fields beside it, mixed so that one becomes another.

StyleGAN2 adds the same field to a layer in every picture, so the same details stand in the same places for ever. Here
a layer has FIELDS of them, of which the first is the checkpoint's, and its noise is a point on their unit sphere: of
unit variance wherever it is, as the network was trained. The point moves by ANGLES rotations at once, at steady speed,
so the change never pulses. RATES are chosen so that a field comes back late: at 0.8 turns a minute of the first angle
nothing of it is left after 28 s, seven tenths of it (or of its negative) are back after 6 min at the earliest, nine
after 26. Tried and left: two angles in the golden ratio, and powers of the plastic number, both back within minutes.
"""

import math
import zlib
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATES = (1.0, 0.6203, 0.4723)  # of the angles
ANGLES = len(RATES)
FIELDS = 2 * ANGLES
SEED = 1929
STRENGTH, FIELD = ".noise_strength", ".noise_const"  # what a noisy layer's tensors are called

Turns = tuple[float, ...]
START: Turns = (0.0,) * ANGLES


def turned(turns: Turns, by: float) -> Turns:
    """Angles [ANGLES] in turns, moved on by `by` turns of the first; from 0 to 1, where 1 is 0 again."""
    return tuple((turn + rate * by) % 1.0 for turn, rate in zip(turns, RATES, strict=True))


def noise_weights(turns: Sequence[float]) -> NDArray[np.float32]:
    """Weights [FIELDS] of a layer's fields for `synthesis(ws, noise_weights=…)`, with a sum of squares of 1.

    `turns` are ANGLES numbers, as `turned` gives them. At START the first weight is 1 and the others are 0: the
    network's own noise. Raises ValueError for another count and for what is not finite.
    """
    if len(turns) != ANGLES or not all(map(math.isfinite, turns)):
        raise ValueError(f"the noise turns by {list(turns)}; give {ANGLES} finite numbers")
    a, b, c = (math.cos(math.tau * turn) for turn in turns)
    own = (a + b + c) / 3  # the cosines' axes are rotated so that their diagonal is the own field
    cosines = (own, (a - b) / math.sqrt(6), (a + b - 2 * c) / math.sqrt(18))
    sines = (math.sin(math.tau * turn) / math.sqrt(3) for turn in turns)
    return np.array([*cosines, *sines], np.float32)


def white_fields(layer: str, height: int, width: int) -> NDArray[np.float32]:
    """The fields beside a layer's own, [FIELDS - 1, height, width] of independent N(0, 1).

    They belong to the layer's name and that size alone: Philox is counter-based, RandomState numpy's frozen interface.
    """
    fields = (_field(layer, index).standard_normal((height, width)) for index in range(1, FIELDS))
    return np.stack([field.astype(np.float32) for field in fields])


def turns_noise(network: Any) -> bool:
    """Whether a generator's synthesis takes `noise_weights`."""
    synthesis = getattr(network, "synthesis", None)
    return synthesis is not None and "noise_weights" in signature(synthesis.forward).parameters


def has_noise(path: Path, *, learns: bool = False) -> bool:
    """Whether the network in a file draws with noise that can turn. Raises CheckpointError.

    With `learns` it is enough that it has layers for it: their strength is learnt, and may be 0 as yet.
    """
    from models.checkpoint import empty, read_tensors  # brings torch

    network = empty(path)
    if not turns_noise(network) or learns:
        return turns_noise(network)
    names = [name.removesuffix(STRENGTH) for name in network.state_dict() if name.endswith(STRENGTH)]
    strengths = read_tensors(path, [name + STRENGTH for name in names])
    loud = [name for name in names if strengths[name + STRENGTH].any()]
    return any(bool(field.any()) for field in read_tensors(path, [name + FIELD for name in loud]).values())


def _field(layer: str, index: int) -> np.random.RandomState:
    """The random numbers of one field."""
    key = np.array([SEED, zlib.crc32(layer.encode())], np.uint64)
    counter = np.array([0, 0, index, 0], np.uint64)  # the first word counts the draws
    return np.random.RandomState(np.random.Philox(key=key, counter=counter))

"""Chance as a function of where a run is: nothing is carried from iteration to iteration, so nothing can be lost.

Whoever works on a part of a batch, in whatever thread or process and at whatever time, draws the same numbers for it.
"""

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What numbers are drawn for: each has its own stream."""

    GRID = 0
    ORDER = 1
    MIRROR = 2
    LATENT = 3
    MIXING = 4
    NOISE = 5
    AUGMENT_REAL = 6
    AUGMENT_FAKE = 7
    PATH_LATENT = 8
    PATH_MIXING = 9
    PATH_NOISE = 10
    PATH_DIRECTION = 11
    MIXED_FEATURES = 12
    AUGMENT_PIXELS_REAL = 13
    AUGMENT_PIXELS_FAKE = 14


def stream(seed: int, iteration: int, part: int, purpose: Purpose, attempt: int = 0) -> int:
    """A seed of 63 bits; `attempt` counts how often a run had to go back and try otherwise."""
    words = (seed % 2**64, attempt, iteration, part, int(purpose))
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(
    seed: int, iteration: int, part: int, purpose: Purpose, attempt: int = 0, device: str | torch.device = "cpu"
) -> torch.Generator:
    """Random numbers for one purpose in one part of one iteration's batch."""
    return torch.Generator(device).manual_seed(stream(seed, iteration, part, purpose, attempt))

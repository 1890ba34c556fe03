"""Which augmentation a run sees its pictures through."""

import threading
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from models.training.augment import augment
from models.training.config import AugmentName

Augment = Callable[[Tensor, float, Generator], Tensor]

_one_at_a_time = threading.Lock()  # the light one draws from torch's own generator


def augmenter(name: AugmentName) -> Augment:
    """A function of images [N, C, H, W] in [-1, 1], the probability of each change, and the random numbers."""
    return {"light": _light, "none": _none}[name]


def _none(images: Tensor, p: float, generator: Generator) -> Tensor:
    return images


def _light(images: Tensor, p: float, generator: Generator) -> Tensor:
    seed = int(torch.randint(2**62, (), generator=generator))
    with _one_at_a_time, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return augment(images)

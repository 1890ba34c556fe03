"""Adaptive discriminator augmentation: random changes that a discriminator sees, and the generator must not learn.

Written from Karras et al., "Training Generative Adversarial Networks with Limited Data" (2020), appendix B. Reals and
fakes pass through the same changes, each made with probability p, and gradients pass through them to the generator. As
long as p is well below 1 (the paper: 0.8), what is not changed is the commonest, and the changes do not show in what
the generator makes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from models.training.augment import colour, corruption, filters, geometry
from models.training.augment.chance import Chance

BGC = geometry.BLIT | geometry.GEOMETRY | colour.COLOUR  # what the paper takes for all its results
ALL = BGC | filters.FILTER | corruption.CORRUPTION


@dataclass(frozen=True)
class Ada:
    """The pipeline for images of 1 or 3 `channels`, with the `transforms` named (of ALL). Threads may share one."""

    channels: int = 3
    transforms: frozenset[str] = BGC

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.channels not in (1, 3):
            raise ValueError(f"augmentation of images with {self.channels} channels; 1 and 3 are known")
        if unknown := self.transforms - ALL:
            raise ValueError(f"augmentation {sorted(unknown)} is unknown; known are {sorted(ALL)}")

    def __call__(self, images: Tensor, p: float, generator: torch.Generator) -> Tensor:
        """Images [N, C, H, W] in [-1, 1], each changed anew; p in [0, 1], `generator` on the CPU.

        What is drawn depends on N, and with noise on H and W; the result may leave [-1, 1]. Raises ValueError for other
        channels.
        """
        if images.shape[1] != self.channels:
            raise ValueError(f"images have {images.shape[1]} channels; this augmentation is for {self.channels}")
        height, width = images.shape[2:]
        chance = Chance(len(images), p, self.transforms, generator)
        blits, general = geometry.draw_blit(chance, height, width), geometry.draw_general(chance, height, width)
        colours, gains = colour.draw(chance), filters.draw(chance)
        deviations, holes = corruption.draw_noise(chance), corruption.draw_cutout(chance)

        warped = _differs(general, torch.eye(3))
        images = _where(warped, images, geometry.warp, blits @ general)
        images = _where(~warped & _differs(blits, torch.eye(3)), images, geometry.blit, blits)
        images = _where(_differs(colours, torch.eye(4)), images, colour.recolour, colours)
        images = _where(_differs(gains, torch.ones(())), images, filters.equalise, gains)
        images = _where(deviations > 0, images, partial(corruption.add_noise, generator=generator), deviations)
        return _where(holes[:, 0].isfinite(), images, corruption.cut_out, holes)


def _differs(values: Tensor, neutral: Tensor) -> Tensor:
    """Which of N values are not the neutral one."""
    return (values != neutral).flatten(1).any(dim=1)


def _where(chosen: Tensor, images: Tensor, change: Callable[[Tensor, Tensor], Tensor], values: Tensor) -> Tensor:
    """Images, those that are chosen changed by their values; the others stay as they are, to the bit, for nothing."""
    if not chosen.any():
        return images
    index = chosen.nonzero()[:, 0].to(images.device)
    changed = change(images.index_select(0, index), values[chosen].to(images))
    return images.index_copy(0, index, changed)

"""What is done to the images that a discriminator sees, so that it cannot learn a small archive by heart."""

from collections.abc import Callable

import torch
from torch import Tensor

from models.training.augment.ada import ALL, BGC, Ada
from models.training.augment.light import light, strong

__all__ = ["ALL", "BGC", "Ada", "Augmentation", "light", "strong"]

Augmentation = Callable[[Tensor, float, torch.Generator], Tensor]  # images, p, generator

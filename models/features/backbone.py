"""A frozen network of features by its name or path: what a projected discriminator and the metrics look through."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from models.features.efficientnet import EfficientNetLite
from models.features.errors import FeaturesError
from models.features.onnx_file import load_onnx
from models.features.packages import PINNED, weights_of

FAMILY = tuple(PINNED)


Levels = Callable[[Tensor], list[Tensor]]  # pictures to maps of features


@dataclass(frozen=True)
class Backbone:
    """A network of features, by a name that says where it comes from."""

    name: str
    sha256: str  # of its weights
    network: Levels

    def see(self, images: Tensor, side: int) -> list[Tensor]:
        """Images [N, 3, H, W] in [-1, 1], brought to a shorter side of `side` pixels -> [N, C, h, w] of each level."""
        return self.network(resized(images, side))


def resized(images: Tensor, side: int) -> Tensor:
    """Images [N, C, H, W] with a shorter side of `side` pixels."""
    height, width = images.shape[2:]
    shorter = min(height, width)
    if shorter == side:
        return images
    size = (round(height * side / shorter), round(width * side / shorter))
    return F.interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=shorter > side)


def load(name: str, device: torch.device, dtype: torch.dtype = torch.float32) -> Backbone:
    """The features called `name`: one of FAMILY, or a file that ends on .onnx. Raises FeaturesError."""
    if name.endswith(".onnx"):
        users, sha256 = load_onnx(Path(name))
        return Backbone(name, sha256, users.to(device, dtype))
    known = member(name)
    return Backbone(name, sha256_of(name), known.to(device, dtype))


def sha256_of(name: str) -> str:
    """Of the weights of one of FAMILY."""
    return PINNED[name].sha256


def member(name: str) -> EfficientNetLite:
    """One of FAMILY, in float32 on the CPU. Raises FeaturesError."""
    if name not in PINNED:
        raise FeaturesError(
            f"there are no features {name[:60]!a}; there are {', '.join(FAMILY)}, or a file that ends on .onnx"
        )
    return EfficientNetLite(PINNED[name].kind, weights_of(name))


def other_than(name: str) -> str:
    """A member of FAMILY to measure with what was trained against `name`."""
    return next(other for other in reversed(FAMILY) if other != name)

"""What makes features of pictures, by name or by file; always named with its backbone: others give other figures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models import features
from models.features import FAMILY, FeaturesError
from models.features.efficientnet import EfficientNetLite
from models.metrics.errors import MetricsError
from models.metrics.weights import load_inception

INCEPTION = "inception"
SIDE = 192  # shorter side that pictures have for a member of the family, in pixels


@dataclass(frozen=True)
class Extractor:
    """uint8 pictures [N, 3, H, W] on any device -> float32 features [N, D]"""

    name: str  # of the backbone
    sha256: str  # of its weights
    extract: Callable[[Tensor], Tensor]


def of_family(name: str | None) -> bool:
    """Whether it names weights that come as a package; else it is a file of Inception's."""
    return name in FAMILY


def load_extractor(name: str, device: torch.device) -> Extractor:
    """One of FAMILY, or Inception from a file. Raises MetricsError."""
    if not of_family(name):
        if not Path(name).suffix:
            raise MetricsError(
                f"there are no features {name[:60]!a}; there are {', '.join(FAMILY)}, or a file of Inception's weights"
            )
        inception, sha256 = load_inception(Path(name), device)
        return Extractor(INCEPTION, sha256, lambda images: inception(images.to(device)))
    try:
        network = features.member(name)
    except FeaturesError as error:
        raise MetricsError(str(error)) from None
    return Extractor(name, features.sha256_of(name), _pooled(network.to(device), device))


def _pooled(network: EfficientNetLite, device: torch.device) -> Callable[[Tensor], Tensor]:
    """What the classes of the network are told by, of pictures of SIDE."""

    def extract(images: Tensor) -> Tensor:
        scaled = images.to(device).float() / 127.5 - 1
        return network.pooled(features.resized(scaled, SIDE))

    return extract

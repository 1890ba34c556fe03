"""From the sum of ToRGB layers to pixels."""

import torch
from torch import Tensor
from torch.nn import functional as F


def upsample(img: Tensor) -> Tensor:
    """Double planes [C, H, W] with the FIR filter [1, 3, 3, 1]: [C, 2H, 2W]; the same as `models.ops.upsample`.

    Each new sample is three quarters of the nearest old one and a quarter of the next; outside is zero.
    """
    return _double(_double(img, 2), 1)


def _double(x: Tensor, dim: int) -> Tensor:
    padded = F.pad(x, [0, 0] * (2 - dim) + [1, 1])
    count = x.shape[dim]
    shape = list(x.shape)
    shape.insert(dim + 1, 2)
    doubled = x.new_empty(shape)
    for place, start in enumerate((0, 2)):  # the next old sample lies before, or behind
        torch.lerp(x, padded.narrow(dim, start, count), 0.25, out=doubled.select(dim + 1, place))
    return doubled.flatten(dim, dim + 1)


def to_rgba(img: Tensor, out: Tensor | None = None) -> Tensor:
    """Image [C, H, W] in about [-1, 1], C 3 or 1 -> uint8 [H, W, 4], opaque; into `out` where given."""
    levels = (img * 127.5).add_(128).clamp_(0, 255)  # [C, H, W]
    if out is None:
        out = torch.full((*img.shape[1:], 4), 255, dtype=torch.uint8, device=img.device)
    out[..., :3].permute(2, 0, 1).copy_(levels.expand(3, -1, -1))
    return out

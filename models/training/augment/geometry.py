"""Where each pixel of the output is read from: by pixels where that is exact, else through one smooth warp.

A transform is a matrix [N, 3, 3] from output to source, in pixels about the centre of the image, x to the right and y
down; a later step is multiplied on the right. Every distribution below is that of its own inverse, so the inverses are
what is drawn.
"""

import math

import torch
from torch import Tensor

from models.training.augment.chance import Chance
from models.training.augment.lookup import lookup
from models.training.augment.wavelets import DELAY, FIRST, MARGIN, doubling, halving, reflect, samples

BLIT = frozenset({"flip", "rotate90", "shift"})
GEOMETRY = frozenset({"scale", "rotate", "stretch", "translate"})

OCTAVES = 0.2  # standard deviation of the binary logarithm of both scales
REACH = 0.125  # share of the side: bound of whole shifts, standard deviation of the others


def identity(count: int, size: int) -> Tensor:
    """[count, size, size] in float64."""
    return torch.eye(size, dtype=torch.float64).repeat(count, 1, 1)


def scaling(x: Tensor, y: Tensor) -> Tensor:
    matrix = identity(len(x), 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = x, y
    return matrix


def rotation(angle: Tensor) -> Tensor:
    """Angles in radians, from the x axis towards the y axis."""
    matrix = identity(len(angle), 3)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 0, 1], matrix[:, 1, 0] = -angle.sin(), angle.sin()
    return matrix


def translation(x: Tensor, y: Tensor) -> Tensor:
    matrix = identity(len(x), 3)
    matrix[:, 0, 2], matrix[:, 1, 2] = x, y
    return matrix


def draw_blit(chance: Chance, height: int, width: int) -> Tensor:
    """Mirroring left to right, quarter turns, shifts by whole pixels."""
    flip = torch.where(chance.happens("flip"), 1 - 2 * chance.integer(2), 1.0)
    turns = torch.where(chance.happens("rotate90"), chance.integer(4), 0.0)
    shifted = chance.happens("shift")
    x, y = (torch.where(shifted, (chance.uniform(-REACH, REACH) * side).round(), 0.0) for side in (width, height))
    return scaling(flip, torch.ones_like(flip)) @ rotation(turns * math.pi / 2).round() @ translation(x, y)


def draw_general(chance: Chance, height: int, width: int) -> Tensor:
    """Scale, rotation, stretch along one axis, another rotation, shift; a rotation of either kind has probability p."""
    once = 1 - math.sqrt(1 - chance.p)
    scale = torch.where(chance.happens("scale"), chance.lognormal(OCTAVES), 1.0)
    before = torch.where(chance.happens("rotate", once), chance.uniform(-math.pi, math.pi), 0.0)
    stretch = torch.where(chance.happens("stretch"), chance.lognormal(OCTAVES), 1.0)
    after = torch.where(chance.happens("rotate", once), chance.uniform(-math.pi, math.pi), 0.0)
    shifted = chance.happens("translate")
    x, y = (torch.where(shifted, chance.normal(REACH) * side, 0.0) for side in (width, height))
    turned = scaling(scale, scale) @ rotation(before) @ scaling(stretch, 1 / stretch) @ rotation(after)
    return turned @ translation(x, y)


def blit(images: Tensor, matrices: Tensor) -> Tensor:
    """Images [N, C, H, W] with pixels in new places, none made anew; from outside comes the mirrored image."""
    n, c, height, width = images.shape
    y, x = (torch.arange(side, device=images.device, dtype=images.dtype) for side in (height, width))
    x, y = _sources(matrices, x - (width - 1) / 2, y - (height - 1) / 2)  # [N, H, W] each
    column = reflect((x + (width - 1) / 2 + 0.5).floor().long(), width)
    row = reflect((y + (height - 1) / 2 + 0.5).floor().long(), height)
    pixel = (row * width + column).view(n, 1, -1).expand(-1, c, -1)
    return images.flatten(2).gather(2, pixel).view(images.shape)


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """Images [N, C, H, W] under any affine transform; from outside comes the mirrored image.

    The image is doubled, read bilinearly at twice the rate and halved, through a low-pass whose two passes cancel: what
    is not moved stays sharp, and what is has little alias (Karras et al. 2020, appendix B). Unlike there, only a
    margin is mirrored before; places further out are mirrored where they are looked up, however far, and cost nothing.
    """
    height, width = images.shape[2:]
    place = images.device, images.dtype
    fine = doubling(height, *place) @ images @ doubling(width, *place).t()  # [N, C, 2H + 16, 2W + 16]
    seen = lookup(fine, _grid(matrices, height, width))  # [N, C, 2H + 10, 2W + 10]
    return halving(height, *place) @ seen @ halving(width, *place).t()


def _grid(matrices: Tensor, height: int, width: int) -> Tensor:
    """Where in the doubled image each sample lies: [N, 2H + 10, 2W + 10, 2], x and y in [-1, 1]."""
    y, x = (_sample_places(side, matrices) for side in (height, width))
    x, y = _sources(matrices, x, y)
    return torch.stack([_fine_place(x, width), _fine_place(y, height)], dim=-1)


def _sample_places(side: int, like: Tensor) -> Tensor:
    """The samples that `halving` takes, in pixels about the centre."""
    sample = torch.arange(samples(side), device=like.device, dtype=like.dtype)
    return (sample - DELAY) / 2 - (side - 1) / 2


def _sources(matrices: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Where places x [w] and y [h] come from: x and y [N, h, w]."""
    m = matrices[:, :2, :, None, None]  # [N, 2, 3, 1, 1]
    source = m[:, :, 0] * x + m[:, :, 1] * y[:, None] + m[:, :, 2]  # [N, 2, h, w]
    return source[:, 0], source[:, 1]


def _fine_place(place: Tensor, side: int) -> Tensor:
    """Pixels about the centre to [-1, 1] over the samples that `doubling` makes, those beyond them mirrored."""
    mirrored = reflect(place + (side - 1) / 2, side)
    place = torch.where(place.abs() <= (side - 1) / 2 + MARGIN, place + (side - 1) / 2, mirrored)
    return 2 * (2 * place + DELAY - FIRST) / (2 * (side + 2 * MARGIN) - 1) - 1

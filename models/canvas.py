"""Pictures of any shape: how a network's maps cover a canvas, and the same weights carried over to another one.

A network keeps a whole number of coarse cells, the 4x4 of its nominal square continued in the same size, and crops its
picture to the canvas, centrally.
"""

import math
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

Canvas = Annotated[
    tuple[Annotated[int, Field(ge=16)], Annotated[int, Field(ge=16)]],
    Field(description="height and width of the picture in pixels"),
]
Extension = Literal["mirror", "tile", "stretch"]

COARSE = 4
MOST_PIXELS = 2**23
MOST_SQUARES = 256  # a canvas holds at most so many of the network's nominal squares
NOISE_SEED = 1929


def check_canvas(canvas: tuple[int, int] | None, img_resolution: int) -> None:
    """Raise ValueError for a canvas larger than a machine bears."""
    most = min(MOST_PIXELS, MOST_SQUARES * img_resolution**2)
    if canvas is not None and canvas[0] * canvas[1] > most:
        raise ValueError(
            f"the canvas {canvas[1]}×{canvas[0]} has more than the {most} pixels that a network of "
            f"{img_resolution}² may cover; choose a smaller one"
        )


def coarse_cells(canvas: tuple[int, int], img_resolution: int) -> tuple[int, int]:
    """Rows and columns of coarse cells that cover a canvas (height, width)."""
    cell = img_resolution // COARSE
    return math.ceil(canvas[0] / cell), math.ceil(canvas[1] / cell)


def crop(img: Tensor, canvas: tuple[int, int]) -> Tensor:
    """The middle of an image [N, C, H, W]: [N, C, *canvas]; the image itself where it has that size."""
    top, left = ((whole - part) // 2 for whole, part in zip(img.shape[2:], canvas, strict=True))
    return img[:, :, top : top + canvas[0], left : left + canvas[1]]


def pad(img: Tensor, img_resolution: int) -> Tensor:
    """The reverse of `crop`: an image [N, C, H, W] in the middle of whole coarse cells, grey around it."""
    cell = img_resolution // COARSE
    cells = coarse_cells((img.shape[2], img.shape[3]), img_resolution)
    missing = [count * cell - part for count, part in zip(cells, img.shape[2:], strict=True)]
    if not any(missing):
        return img
    above, left = (length // 2 for length in missing)
    return F.pad(img, (left, missing[1] - left, above, missing[0] - above))


def extend(network: Any, height: int, width: int, how: Extension = "mirror") -> Any:
    """The generator on another canvas: a new one that shares the weights which need no extension.

    A learned constant is mirrored outwards, tiled, or stretched over the canvas; per-pixel noise keeps its middle and
    goes on in a seeded random field. A network that computes its input from coordinates just sees more of them.
    Raises ValueError for a canvas out of bounds.
    """
    config = network.config.model_dump() | {"canvas": (height, width)}
    with torch.device("meta"):
        wide = type(network)(**config)
    own = network.state_dict()
    tensors = {name: _extended(name, own[name], tensor.shape, how) for name, tensor in wide.state_dict().items()}
    wide.load_state_dict(tensors, assign=True)
    if hasattr(network.synthesis, "compute_dtype"):
        wide.synthesis.compute_dtype = network.synthesis.compute_dtype
    return wide.eval().requires_grad_(False)


def _extended(name: str, tensor: Tensor, shape: torch.Size, how: Extension) -> Tensor:
    """`tensor` [..., h, w] in the shape [..., H, W]: itself, a noise field, or a constant extended."""
    if tensor.shape == shape:
        return tensor
    size = (shape[-2], shape[-1])
    if name.endswith("noise_const"):
        return _noise(tensor, size)
    if how == "stretch":
        return F.interpolate(tensor[None], size, mode="bilinear", align_corners=False)[0]
    for dim, length in zip((-2, -1), size, strict=True):
        tensor = tensor.index_select(dim, _places(tensor.shape[dim], length, how).to(tensor.device))
    return tensor


def _places(old: int, new: int, how: Extension) -> Tensor:
    """Which of `old` cells stands at each of `new`, the old ones in the middle."""
    at = torch.arange(new) - (new - old) // 2
    if how == "tile":
        return at % old
    at = at % (2 * old)
    return torch.minimum(at, 2 * old - 1 - at)


def _noise(field: Tensor, size: tuple[int, int]) -> Tensor:
    """A noise field [h, w] inside a larger one that is the same on every machine, or its middle."""
    random = torch.Generator().manual_seed(NOISE_SEED + field.shape[-1])
    whole = torch.randn(size, generator=random).to(field)
    spans = [_overlap(old, new) for old, new in zip(field.shape, size, strict=True)]
    (there_y, here_y), (there_x, here_x) = spans
    whole[there_y, there_x] = field[here_y, here_x]
    return whole


def _overlap(old: int, new: int) -> tuple[slice, slice]:
    """Where two lines of cells with the same middle cover each other: in the new one, in the old one."""
    first = (new - old) // 2
    length = min(old, new)
    return slice(max(first, 0), max(first, 0) + length), slice(max(-first, 0), max(-first, 0) + length)

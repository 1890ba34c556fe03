"""Images read at given places, differentiable as often as one likes."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

BILINEAR, BORDER = 0, 1  # as PyTorch numbers them


def lookup(images: Tensor, grid: Tensor) -> Tensor:
    """Images [N, C, H, W] at the places grid [N, h, w, 2], bilinearly: [N, C, h, w]; gradients reach the images only.

    Places are x and y, -1 and 1 the centres of the border pixels, and no further out.
    """
    looked: Tensor = _Lookup.apply(images, grid)  # type: ignore[no-untyped-call]
    return looked


class _Lookup(torch.autograd.Function):
    """The lookup is linear: its derivative is its adjoint, whose own derivative is the lookup.

    PyTorch's bilinear lookup has a first derivative only, and gradient penalties need the second.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = images.shape
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (grid,) = ctx.saved_tensors
        return _Adjoint.apply(gradient, grid, ctx.shape), None  # type: ignore[no-untyped-call]


class _Adjoint(torch.autograd.Function):
    """Each value added to the pixels it was read from, by the same weights."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        of_images: Tensor = torch.ops.aten.grid_sampler_2d_backward(
            values, values.new_zeros(shape), grid, BILINEAR, BORDER, True, [True, False]
        )[0]
        return of_images

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return _Lookup.apply(gradient, grid), None, None  # type: ignore[no-untyped-call]

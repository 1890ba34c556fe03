"""The Laplacian pyramid of Burt and Adelson (1983): a picture as the detail of each scale and a coarse rest."""

from torch import Tensor
from torch.nn import functional as F

COARSEST = 16

Shape = tuple[int, int]


def level_shapes(shape: Shape) -> list[Shape]:
    """Height and width of the levels, the coarsest first: halved for as long as no side falls below COARSEST."""
    shapes = [shape]
    while min(smaller := _halved(shapes[0])) >= COARSEST:
        shapes.insert(0, smaller)
    return shapes


def laplacian_pyramid(images: Tensor) -> list[Tensor]:
    """Float images [N, C, H, W] -> the levels [N, C, h, w] as in `level_shapes`: first the coarse rest, then what each
    finer scale adds.
    """
    levels: list[Tensor] = []
    fine = images
    for _ in level_shapes((images.shape[2], images.shape[3]))[1:]:
        coarse = _down(fine)
        levels.insert(0, fine - _up(coarse, (fine.shape[2], fine.shape[3])))
        fine = coarse
    return [fine, *levels]


def _halved(shape: Shape) -> Shape:
    return -(-shape[0] // 2), -(-shape[1] // 2)


def _down(images: Tensor) -> Tensor:
    return _smooth(images)[:, :, ::2, ::2]


def _up(images: Tensor, shape: Shape) -> Tensor:
    """Twice the size, or one less: zeros between the pixels, smoothed and made up for."""
    spread = images.new_zeros(*images.shape[:2], *shape)
    spread[:, :, ::2, ::2] = images
    return _smooth(spread) * 4


def _smooth(images: Tensor) -> Tensor:
    """Low-pass by the binomial weights 1 4 6 4 1 in both directions, mirrored at the borders."""
    for axis, border in ((2, (0, 0, 2, 2)), (3, (2, 2, 0, 0))):
        around = F.pad(images, border, mode="reflect")
        a, b, c, d, e = (around.narrow(axis, shift, images.shape[axis]) for shift in range(5))
        images = (a + e) / 16 + (b + d) / 4 + c * 0.375  # sums are ten times faster here than a convolution
    return images

"""Light differentiable augmentation of what the discriminator sees, for small archives.

The idea is that of Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training" (2020): reals and fakes
pass through the same random changes, and the gradient passes through them to the generator.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

BRIGHTNESS = 0.1  # added, in units of [-1, 1]
SATURATION = (0.8, 1.2)
CONTRAST = (0.9, 1.1)
TRANSLATION = 0.125  # share of the shorter side


def augment(img: Tensor) -> Tensor:
    """Change each image [N, 3, H, W] at random: colour and translation."""
    return translate(colour(img))


def _uniform(img: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(img.shape[0], 1, 1, 1, device=img.device, dtype=img.dtype).uniform_(low, high)


def colour(img: Tensor) -> Tensor:
    """Random brightness, saturation about each pixel's mean, contrast about each image's mean."""
    grey = img.mean(dim=1, keepdim=True)  # [N, 1, H, W]
    img = torch.lerp(grey, img, _uniform(img, *SATURATION))
    mean = img.mean(dim=(1, 2, 3), keepdim=True)  # [N, 1, 1, 1]
    return torch.lerp(mean, img, _uniform(img, *CONTRAST)) + _uniform(img, -BRIGHTNESS, BRIGHTNESS)


def translate(img: Tensor) -> Tensor:
    """Shift each image by whole pixels; what comes in from outside is its mirrored border."""
    n, _, h, w = img.shape
    reach = round(min(h, w) * TRANSLATION)
    padded = F.pad(img, (reach,) * 4, mode="reflect")  # [N, 3, H + 2r, W + 2r]
    tops, lefts = torch.randint(0, 2 * reach + 1, (2, n)).tolist()
    return torch.stack([padded[i, :, tops[i] : tops[i] + h, lefts[i] : lefts[i] + w] for i in range(n)])

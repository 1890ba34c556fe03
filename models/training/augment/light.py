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


def light(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """Change each image [N, C, H, W] by colour and translation, always: p is not looked at. `generator` on the CPU."""
    return translate(colour(images, generator), generator)


def _uniform(img: Tensor, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.empty(img.shape[0], 1, 1, 1).uniform_(low, high, generator=generator).to(img)


def colour(img: Tensor, generator: torch.Generator) -> Tensor:
    """Random saturation about each pixel's mean, contrast about each image's mean, and brightness."""
    grey = img.mean(dim=1, keepdim=True)  # [N, 1, H, W]
    img = torch.lerp(grey, img, _uniform(img, *SATURATION, generator))
    mean = img.mean(dim=(1, 2, 3), keepdim=True)  # [N, 1, 1, 1]
    contrasted = torch.lerp(mean, img, _uniform(img, *CONTRAST, generator))
    return contrasted + _uniform(img, -BRIGHTNESS, BRIGHTNESS, generator)


def translate(img: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each image by whole pixels; what comes in from outside is its mirrored border."""
    n, _, h, w = img.shape
    reach = round(min(h, w) * TRANSLATION)
    padded = F.pad(img, (reach,) * 4, mode="reflect")  # [N, C, H + 2r, W + 2r]
    tops, lefts = torch.randint(0, 2 * reach + 1, (2, n), generator=generator).tolist()
    return torch.stack([padded[i, :, tops[i] : tops[i] + h, lefts[i] : lefts[i] + w] for i in range(n)])

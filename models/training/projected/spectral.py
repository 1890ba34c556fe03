"""Convolutions whose weights are divided by their largest singular value (Miyato et al. 2018)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEPS_AT_FIRST = 15  # of power iteration


class SpectralConv(nn.Module):
    """A convolution without bias. `direction` [O] follows the weight by one step of power iteration at each `follow`.

    The step is apart from the forward pass, so that parts of a batch that pass at the same time all find the same.
    """

    direction: Tensor

    def __init__(self, channels: int, out: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(out, channels, kernel, kernel), a=5**0.5))
        self.register_buffer("direction", F.normalize(torch.randn(out), dim=0))
        self.stride, self.padding = stride, padding
        for _ in range(STEPS_AT_FIRST):
            self.follow()

    @torch.no_grad()
    def follow(self) -> None:
        """One step of power iteration, in place."""
        flat = self.weight.flatten(1)
        self.direction.copy_(F.normalize(flat @ F.normalize(flat.T @ self.direction, dim=0), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """[N, I, H, W] -> [N, O, H', W']"""
        flat = self.weight.flatten(1)
        right = F.normalize(flat.detach().T @ self.direction, dim=0)
        largest = self.direction @ (flat @ right)
        weight = (self.weight / largest).to(x.dtype, memory_format=torch.channels_last)
        return F.conv2d(x, weight, None, self.stride, self.padding)

"""The mapping network of StyleGAN2 and StyleGAN3: z, and a class label c, to w."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.ops import FullyConnected, normalize_second_moment

MOST_CLASSES = 4096


class Mapping(nn.Module):
    """z (and a class label c) to one w for each layer."""

    w_avg: Tensor

    def __init__(
        self, z_dim: int, c_dim: int, w_dim: int, num_ws: int, num_layers: int, w_avg_beta: float = 0.998
    ) -> None:
        super().__init__()
        self.num_ws = num_ws
        self.w_avg_beta = w_avg_beta
        self.embed = FullyConnected(c_dim, w_dim) if c_dim else None
        widths = [z_dim + (w_dim if c_dim else 0)] + [w_dim] * num_layers
        self.layers = nn.ModuleList(FullyConnected(i, o, lr_multiplier=0.01, lrelu=True) for i, o in pairwise(widths))
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self, z: Tensor, c: Tensor | None = None, truncation_psi: float = 1.0, truncation_cutoff: int | None = None
    ) -> Tensor:
        """z [N, z_dim], c [N, c_dim] or None -> ws [N, num_ws, w_dim].

        w_avg + psi * (w - w_avg) on the first `truncation_cutoff` layers, on all of them when it is None.
        """
        ws = self.map_w(z, c)[:, None].repeat(1, self.num_ws, 1)  # [N, num_ws, w_dim]
        if truncation_psi != 1.0:
            ws[:, :truncation_cutoff] = self.w_avg.lerp(ws[:, :truncation_cutoff], truncation_psi)
        return ws

    def map_w(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """z [N, z_dim], c [N, c_dim] or None -> w [N, w_dim], before truncation."""
        x = normalize_second_moment(z)
        if self.embed is not None:
            if c is None:
                raise ValueError(f"this network needs a class label c of shape [N, {self.embed.weight.shape[1]}]")
            x = torch.cat([x, normalize_second_moment(self.embed(c))], dim=1)  # [N, z_dim + w_dim]
        for layer in self.layers:
            x = layer(x)
        return x

    @torch.no_grad()
    def track_w_avg(self, w: Tensor) -> None:
        """Move the running average towards the mean of w [N, w_dim]; training calls it once a batch."""
        self.w_avg.copy_(w.mean(dim=0).lerp(self.w_avg, self.w_avg_beta))

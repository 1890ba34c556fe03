"""A walk through a few fixed pictures and back to the first: the same latents at every snapshot."""

import math

import torch
from torch import Tensor

FRAMES = 12  # from one picture to the next
STOPS = 4


def eased_loop(ws: Tensor, frames: int = FRAMES) -> Tensor:
    """From ws [K, num_ws, w_dim] to ws [K * frames, num_ws, w_dim]: slow at each stop, the last leads to the first."""
    time = torch.arange(frames, dtype=torch.float32) / frames
    eased = ((1 - torch.cos(math.pi * time)) / 2).to(ws.device)[None, :, None, None]  # [1, frames, 1, 1]
    return torch.lerp(ws[:, None], ws.roll(-1, dims=0)[:, None], eased).flatten(0, 1)

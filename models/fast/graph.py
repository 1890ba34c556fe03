"""A picture's work recorded once as a CUDA graph and replayed: one launch for each picture instead of hundreds.

On other devices the work is simply done.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from models.base import Noise, NoiseMode
from models.edits import Edits
from models.fast.picture import to_rgba

Draw = Callable[[Tensor, Noise, "Edits | None", "Tensor | None"], Tensor]
WARM_UP = 3  # runs before recording, in which libraries choose their kernels and allocate


class Replay:
    """Draws without edits. On CUDA results are the graph's own buffers: valid until the next call."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._recorded: dict[tuple[NoiseMode, bool, bool], Recording] = {}

    def image(self, ws: Tensor, noise: Noise, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim], transform [3, 3] -> float32 [img_channels, H, W]"""
        if not _replays(ws, noise):
            return self._draw(ws, noise, None, transform)
        return self._replayed(ws, noise, transform).image

    def pixels(self, ws: Tensor, noise: Noise, transform: Tensor | None) -> tuple[Tensor, Tensor]:
        """The same -> uint8 [H, W, 4], and whether every number of the image was finite."""
        if not _replays(ws, noise):
            return pixels_of(self._draw(ws, noise, None, transform))
        recording = self._replayed(ws, noise, transform)
        return recording.pixels, recording.finite

    def _replayed(self, ws: Tensor, noise: Noise, transform: Tensor | None) -> "Recording":
        kind = (noise.mode, noise.weights is not None, transform is not None)
        if kind not in self._recorded:
            self._recorded[kind] = Recording(self._draw, ws, noise, transform)
        self._recorded[kind].replay(ws, noise.weights, transform)
        return self._recorded[kind]


class Recording:
    """One graph with the buffers it reads and writes."""

    def __init__(self, draw: Draw, ws: Tensor, noise: Noise, transform: Tensor | None) -> None:
        self._ws = ws.clone()
        self._noise_weights = None if noise.weights is None else noise.weights.clone()
        self._transform = None if transform is None else transform.to(ws)
        own = replace(noise, weights=self._noise_weights)

        def work() -> tuple[Tensor, Tensor, Tensor]:
            image = draw(self._ws, own, None, self._transform)
            return image, *pixels_of(image)

        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                work()
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):  # another network may be drawing
            self.image, self.pixels, self.finite = work()

    def replay(self, ws: Tensor, noise_weights: Tensor | None, transform: Tensor | None) -> None:
        """Draw for other inputs of the same kind."""
        for buffer, given in ((self._ws, ws), (self._noise_weights, noise_weights), (self._transform, transform)):
            if buffer is not None and given is not None:
                buffer.copy_(given)
        self._graph.replay()


def pixels_of(image: Tensor) -> tuple[Tensor, Tensor]:
    """Image [C, H, W] -> uint8 [H, W, 4], and a truth value: whether every number was finite."""
    return to_rgba(image), image.sum().isfinite()


def _replays(ws: Tensor, noise: Noise) -> bool:
    """Whether a graph may stand for the work: random noise must be drawn anew."""
    return ws.device.type == "cuda" and noise.mode != "random"

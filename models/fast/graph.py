"""A picture's work recorded once as a CUDA graph and replayed: one launch for each picture instead of hundreds.

On other devices the work is simply done.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from models.base import NoiseMode
from models.edits import Edits
from models.fast.picture import to_rgba

Draw = Callable[[Tensor, NoiseMode, "Edits | None", "Tensor | None"], Tensor]
WARM_UP = 3  # runs before recording, in which libraries choose their kernels and allocate


class Replay:
    """Draws without edits. On CUDA results are the graph's own buffers: valid until the next call."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._recorded: dict[tuple[NoiseMode, bool], Recording] = {}

    def image(self, ws: Tensor, noise_mode: NoiseMode, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim], transform [3, 3] -> float32 [img_channels, H, W]"""
        if not _replays(ws, noise_mode):
            return self._draw(ws, noise_mode, None, transform)
        return self._replayed(ws, noise_mode, transform).image

    def pixels(self, ws: Tensor, noise_mode: NoiseMode, transform: Tensor | None) -> tuple[Tensor, Tensor]:
        """The same -> uint8 [H, W, 4], and whether every number of the image was finite."""
        if not _replays(ws, noise_mode):
            return pixels_of(self._draw(ws, noise_mode, None, transform))
        recording = self._replayed(ws, noise_mode, transform)
        return recording.pixels, recording.finite

    def _replayed(self, ws: Tensor, noise_mode: NoiseMode, transform: Tensor | None) -> "Recording":
        kind = (noise_mode, transform is not None)
        if kind not in self._recorded:
            self._recorded[kind] = Recording(self._draw, ws, noise_mode, transform)
        self._recorded[kind].replay(ws, transform)
        return self._recorded[kind]


class Recording:
    """One graph with the buffers it reads and writes."""

    def __init__(self, draw: Draw, ws: Tensor, noise_mode: NoiseMode, transform: Tensor | None) -> None:
        self._ws = ws.clone()
        self._transform = None if transform is None else transform.to(ws)

        def work() -> tuple[Tensor, Tensor, Tensor]:
            image = draw(self._ws, noise_mode, None, self._transform)
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

    def replay(self, ws: Tensor, transform: Tensor | None) -> None:
        """Draw for other inputs of the same kind."""
        self._ws.copy_(ws)
        if self._transform is not None and transform is not None:
            self._transform.copy_(transform)
        self._graph.replay()


def pixels_of(image: Tensor) -> tuple[Tensor, Tensor]:
    """Image [C, H, W] -> uint8 [H, W, 4], and a truth value: whether every number was finite."""
    return to_rgba(image), image.sum().isfinite()


def _replays(ws: Tensor, noise_mode: NoiseMode) -> bool:
    """Whether a graph may stand for the work: random noise must be drawn anew."""
    return ws.device.type == "cuda" and noise_mode != "random"

"""A picture's work recorded once as a CUDA graph and replayed: one launch for each picture instead of hundreds.

On other devices the work is simply done.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from models.base import NoiseMode
from models.edits import Edits

Draw = Callable[[Tensor, NoiseMode, "Edits | None", "Tensor | None"], Tensor]
WARM_UP = 3  # runs before recording, in which libraries choose their kernels and allocate


class Replay:
    """Draws without edits. On CUDA the result is the graph's own buffer: valid until the next call."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._recorded: dict[tuple[NoiseMode, bool], Recording] = {}

    def __call__(self, ws: Tensor, noise_mode: NoiseMode, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim], transform [3, 3] -> image"""
        if ws.device.type != "cuda" or noise_mode == "random":
            return self._draw(ws, noise_mode, None, transform)
        kind = (noise_mode, transform is not None)
        if kind not in self._recorded:
            self._recorded[kind] = Recording(self._draw, ws, noise_mode, transform)
        return self._recorded[kind].replay(ws, transform)


class Recording:
    """One graph with the buffers it reads and writes."""

    def __init__(self, draw: Draw, ws: Tensor, noise_mode: NoiseMode, transform: Tensor | None) -> None:
        self._ws = ws.clone()
        self._transform = None if transform is None else transform.to(ws)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                draw(self._ws, noise_mode, None, self._transform)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._image = draw(self._ws, noise_mode, None, self._transform)

    def replay(self, ws: Tensor, transform: Tensor | None) -> Tensor:
        """The image of other inputs of the same kind."""
        self._ws.copy_(ws)
        if self._transform is not None and transform is not None:
            self._transform.copy_(transform)
        self._graph.replay()
        return self._image

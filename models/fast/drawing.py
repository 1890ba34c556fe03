"""A synthesis network prepared for drawing one picture at a time: a chain of stages, each with its own weights."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from models.base import Noise
from models.edits import Edits


class Canvas:
    """What one stage hands to the next."""

    def __init__(self, x: Tensor, img: Tensor | None = None) -> None:
        self._x: Tensor | None = x
        self.img = img  # the sum of ToRGB layers so far, [img_channels, H, W]

    def take(self) -> Tensor:
        """The features [1, C, H, W], which may then be freed: nothing else holds them. Once."""
        x, self._x = self._x, None
        assert x is not None
        return x

    def put(self, x: Tensor) -> None:
        """Features for the next stage."""
        self._x = x


class Stage(Protocol):
    """One part of the chain."""

    def __call__(self, canvas: Canvas, ws: Tensor, noise: Noise, edits: Edits | None) -> None:
        """ws [num_ws, w_dim]; takes the features from the canvas and puts new ones."""
        ...


class Drawing(ABC):
    """The stages, without state between pictures: the same ws give the same picture."""

    def __init__(self, synthesis: Any, dtype: torch.dtype) -> None:
        """Without stages yet; `prepared` is what makes one that draws."""
        self.img_shape: tuple[int, int] = synthesis.img_shape
        self.layer_names: list[str] = synthesis.layer_names
        self.num_ws: int = synthesis.num_ws
        self.dtype = dtype
        self.stages: list[Stage] = []

    @classmethod
    def prepared(cls, synthesis: nn.Module, dtype: torch.dtype) -> "Drawing":
        """Computing in `dtype`. Shares tensors with `synthesis` where they serve as they are."""
        drawing = cls(synthesis, dtype)
        drawing.stages = list(drawing.prepare(synthesis))
        return drawing

    @classmethod
    def draw_once(cls, synthesis: nn.Module, dtype: torch.dtype, ws: Tensor) -> Tensor:
        """One picture as `draw` gives it, each stage prepared when it is its turn and dropped again: there is never
        more than one beside the exact network.
        """
        drawing = cls(synthesis, dtype)
        return drawing._through(drawing.prepare(synthesis), ws, Noise(), None, None)

    @abstractmethod
    def prepare(self, synthesis: Any) -> Iterator[Stage]:
        """The stages in order, each prepared when it is asked for."""

    @abstractmethod
    def begin(self, ws: Tensor, transform: Tensor | None) -> Canvas:
        """What the first stage is given. Raises ValueError for a transform of what cannot be moved."""

    @abstractmethod
    def finish(self, canvas: Canvas) -> Tensor:
        """float32 image [img_channels, H, W] behind the last stage."""

    def draw(self, ws: Tensor, noise: Noise, edits: Edits | None, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim] -> float32 image [img_channels, H, W]; the caller's to keep until the next call."""
        return self._through(self.stages, ws, noise, edits, transform)

    def _through(
        self, stages: Iterable[Stage], ws: Tensor, noise: Noise, edits: Edits | None, transform: Tensor | None
    ) -> Tensor:
        canvas = self.begin(ws, transform)
        for stage in stages:
            stage(canvas, ws, noise, edits)
            del stage
        return self.finish(canvas)

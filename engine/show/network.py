"""The show file's `network`: the generator's own canvas, its camera, its noise, bends of its layers, a blend with
another network.

Each number here is also a live parameter: /network/camera/zoom, /network/noise/speed, /network/bend/NAME/rotate,
/network/blend/amount.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from engine.show.part import PRINTABLE, Part

LAYER = r"^[A-Za-z0-9_.-]+$"
MOST_CHANNELS = 4096
_CHANNELS = re.compile(r"\s*([0-9]{1,4})(?:\s*-\s*([0-9]{1,4}))?\s*")

Layer = Annotated[str, Field(min_length=1, max_length=100, pattern=LAYER)]


def _number(value: float, low: float, high: float, description: str, **extra: str) -> Any:
    """A number of the show file and its slider."""
    return Field(value, strict=True, ge=low, le=high, description=description, json_schema_extra={**extra})


class NetworkCanvasPart(Part):
    """The size of the generator's own picture: its forms keep their size, and there are more of them."""

    width: int = Field(strict=True, ge=16, le=16384, description="pixels")
    height: int = Field(strict=True, ge=16, le=16384, description="pixels")
    extend: Literal["mirror", "tile", "stretch"] = Field(
        "mirror", description="how a network with a learned constant goes on beyond its square"
    )


class CameraPart(Part):
    """Where a StyleGAN3 looks in its own endless plane."""

    x: float = _number(0, -4, 4, "how far the camera stands to the right", unit="pictures")
    y: float = _number(0, -4, 4, "how far the camera stands up", unit="pictures")
    rotation: float = _number(0, -180, 180, "turns what is seen counter-clockwise", unit="°")
    zoom: float = _number(1, 0.25, 4, "enlarges what is seen", unit="×", curve="log")


class ChannelsPart(Part):
    """Which channels of a layer are bent: by number, or the ones that draw alike."""

    numbers: tuple[int, ...] | None = None
    cluster: int | None = Field(None, strict=True, ge=1, description="which group, the largest being 1")
    of: int | None = Field(None, strict=True, ge=1, le=64, description="how many groups the channels are sorted into")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: object) -> object:
        """`0-15`, `7`, `0-3,8` and `[3, 7]` are how a show writes channels by number."""
        if isinstance(raw, dict) and "numbers" not in raw:
            return raw
        items = raw if isinstance(raw, list) else str(raw).split(",")
        ranges = [_CHANNELS.fullmatch(str(item)) for item in items]
        if not ranges or not all(ranges):
            raise ValueError("expected channels such as 0-15, [3, 7] or {cluster: 1, of: 5}")
        numbers = _numbers((int(match[1]), int(match[2] or match[1])) for match in ranges if match)
        if not numbers:
            raise ValueError("expected channels from low to high, such as 0-15")
        return {"numbers": numbers}

    @model_validator(mode="after")
    def _whole(self) -> "ChannelsPart":
        if (self.numbers is None) == (self.cluster is None) or (self.cluster is None) != (self.of is None):
            raise ValueError("give numbers such as 0-15, or a group such as {cluster: 1, of: 5}")
        if self.cluster is not None and self.of is not None and self.cluster > self.of:
            raise ValueError(f"there is no group {self.cluster} of {self.of}; they count from 1")
        return self


def _numbers(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """Every number in one of the ranges, once and in order; none is looked at twice, however often it is named."""
    numbers: list[int] = []
    for first, last in sorted(ranges):
        begin = max(first, numbers[-1] + 1) if numbers else first
        numbers.extend(range(begin, min(last, MOST_CHANNELS) + 1))
    return numbers


class BendPart(Part):
    """What is done to the features of one layer while the network draws."""

    name: str | None = Field(
        None, max_length=60, pattern=LAYER, description="what the panel calls it; left out: the layer"
    )
    layer: Layer = Field(description="the layer, such as b32.conv1 or L5; `reverie check` lists them")
    channels: ChannelsPart | None = Field(None, description="which feature maps; left out: all")
    scale: float = _number(1, 0.25, 4, "enlarges the layer's forms", unit="×", curve="log")
    rotate: float = _number(0, -180, 180, "turns the layer's forms counter-clockwise", unit="°")
    x: float = _number(0, -1, 1, "shifts the layer's forms to the right", unit="widths")
    y: float = _number(0, -1, 1, "shifts the layer's forms up", unit="heights")
    flip_horizontal: float = _number(0, 0, 1, "0 as it is, 0.5 symmetric, 1 mirrored left to right")
    flip_vertical: float = _number(0, 0, 1, "0 as it is, 0.5 symmetric, 1 mirrored top to bottom")
    threshold: float = _number(0, 0, 2, "features weaker than this fall silent")
    gain: float = _number(1, -2, 4, "strength of the features: 0 switches them off", unit="×")
    noise: float = _number(1, 0, 4, "strength of the layer's noise", unit="×")
    amount: float = _number(1, 0, 1, "how much of all this: 0 leaves the layer as it is")

    @property
    def title(self) -> str:
        """Its part of the address."""
        return self.name or self.layer


class BlendPart(Part):
    """Another network of the same shape, mixed into this one layer by layer."""

    model: str = Field(
        alias="with", min_length=1, max_length=200, pattern=PRINTABLE, description="a built-in name or a path"
    )
    amount: float = _number(0.5, 0, 1, "0 this network, 1 the other")
    first: Layer | None = Field(None, alias="from", description="first layer of the other; left out: the coarsest")
    last: Layer | None = Field(None, alias="to", description="last layer of the other; left out: the finest")


class NoisePart(Part):
    """The noise of a StyleGAN2, whose fixed fields turn into each other: nothing stands in the same place for ever."""

    speed: float = _number(
        0.8, 0, 20, "how fast the noise becomes another: at 0.8 in 28 s; 0: it stands still", unit="turns/min"
    )


class NetworkPart(Part):
    """What is done to the generator itself."""

    canvas: NetworkCanvasPart | None = Field(None, description="left out: as it was trained")
    camera: CameraPart | None = Field(None, description="StyleGAN3 only; {} to have its sliders")
    noise: NoisePart = Field(
        default_factory=NoisePart, description="left out: it turns slowly, where the network has any"
    )
    bend: tuple[BendPart, ...] = Field((), max_length=32)
    blend: BlendPart | None = None

    @model_validator(mode="after")
    def _named_apart(self) -> "NetworkPart":
        titles = [bend.title for bend in self.bend]
        twice = next((title for title in titles if titles.count(title) > 1), None)
        if twice is not None:
            raise ValueError(f"two bends are called {twice}; give one of them another `name`")
        return self

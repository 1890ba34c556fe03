"""What a show file may say. One annotation gives validation, help and the JSON Schema an editor completes from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, Discriminator, Field, Tag, create_model, field_validator, model_validator

from engine.show.feed import FeedPart
from engine.show.network import NetworkPart
from engine.show.part import PRINTABLE, Number, Part
from sensors.units import Seconds

FORMAT = 1

SIGNAL = r"^[A-Za-z][A-Za-z0-9_-]*\.[A-Za-z][A-Za-z0-9_]*$"
ADDRESS = r"^(/[A-Za-z0-9_.-]+)+$"
HOST = re.compile(
    r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*"  # a name or an IPv4 address
    r"|[0-9A-Fa-f]*:[0-9A-Fa-f:.]{1,40}(%[A-Za-z0-9_.-]{1,15})?"  # an IPv6 address
)
LONGEST_HOST = 253


class CanvasPart(Part):
    """The picture's size and pace."""

    width: int = Field(1280, strict=True, ge=64, le=16384, description="pixels")
    height: int = Field(720, strict=True, ge=64, le=16384, description="pixels")
    fps: float = Field(30, strict=True, ge=1, le=240, description="presented frames per second")


class WallPart(Part):
    """The real display, as visitors meet it. The flash limiter works in its geometry."""

    width_m: float = Field(4, strict=True, ge=0.01, le=200, description="width of the lit surface in metres")
    nearest_viewer_m: float = Field(2, strict=True, ge=0.01, le=200, description="closest a visitor stands, in metres")
    peak_nits: float = Field(500, strict=True, ge=1, le=20000, description="full white in cd/m²")


class PassPart(Part):
    """One shader of the chain and the values its inputs start with."""

    shader: str = Field(min_length=1, max_length=200, pattern=PRINTABLE)
    values: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: object) -> object:
        """`flow` and `{grade: {warmth: 0.1}}` are how a show writes a pass."""
        if isinstance(raw, str):
            return {"shader": raw}
        if isinstance(raw, dict) and len(raw) == 1:
            ((shader, values),) = raw.items()
            return {"shader": shader, "values": {} if values is None else values}
        raise ValueError("expected a shader's name, or one name with its values like `grade: {warmth: 0.1}`")


class RoutePart(Part):
    """One line from a signal to a parameter."""

    source: str = Field(alias="from", pattern=SIGNAL, description="a signal, sensor.channel")
    target: str = Field(alias="to", pattern=ADDRESS, description="a parameter's address")
    input: tuple[Number, Number] | None = Field(
        None, alias="in", description="the signal's range; left out: the channel's typical range"
    )
    output: tuple[Number, Number] = Field(
        (0.0, 1.0), alias="out", description="what is added to the artist's value at the low and high end of `in`"
    )
    scale: Literal["linear", "log"] = Field("linear", description="how `in` is read; log for light")
    curve: Literal["linear", "smooth", "square", "root"] = Field("linear", description="shape between the two ends")
    depth: float = Field(1, strict=True, ge=-4, le=4, description="strength; negative turns it round")
    attack: Seconds | None = Field(None, description="time constant while rising")
    release: Seconds | None = Field(None, description="time constant while falling")
    lag: Seconds | None = Field(None, description="one time constant both ways; instead of attack and release")

    @model_validator(mode="after")
    def _sensible(self) -> "RoutePart":
        if self.lag is not None and (self.attack is not None or self.release is not None):
            raise ValueError("give lag, or attack and release, not both")
        if self.input is not None and self.input[0] == self.input[1]:
            raise ValueError("the two ends of `in` must differ")
        if self.scale == "log" and self.input is not None and min(self.input) <= 0:
            raise ValueError("a log scale needs both ends of `in` above 0")
        return self


class PanelPart(Part):
    """The web panel."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="address to listen on; other than loopback needs token_file"
    )
    port: int | None = Field(None, strict=True, ge=1, le=65535, description="left out: 8700, or the next free one")
    token_file: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="file with the token clients must give, 16 characters at least",
    )

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        if len(host) > LONGEST_HOST:
            raise ValueError(f"expected an address such as 127.0.0.1 or a name of at most {LONGEST_HOST} letters")
        if not HOST.fullmatch(host):
            raise ValueError("expected an address such as 127.0.0.1 or 0.0.0.0, or a name of this machine in ASCII")
        return host

    @field_validator("token_file")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        if path is not None and any(ord(character) < 32 for character in path):
            raise ValueError("expected the path of a file, without control characters")
        return path


def _kind_of_model(raw: object) -> str:
    """Whether `model` names a network or follows a registry."""
    return "feed" if isinstance(raw, dict | FeedPart) else "name"


ModelName = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Model = Annotated[Annotated[ModelName, Tag("name")] | Annotated[FeedPart, Tag("feed")], Discriminator(_kind_of_model)]


class Show(Part):
    """A whole work."""

    reverie: Literal[1] = Field(description="file format")
    title: str = Field("Untitled", max_length=200)
    seed: int = Field(0, strict=True, ge=0, le=2**63 - 1, description="the same seed gives the same walk")
    canvas: CanvasPart = Field(default_factory=CanvasPart)
    wall: WallPart = Field(default_factory=WallPart)
    model: Model = Field(description="a built-in name, the path of a checkpoint, or a registry to follow")
    network: NetworkPart | None = Field(None, description="what is done to the generator itself")
    sensors: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")], Any] = Field(default_factory=dict)
    walk: Any = None
    passes: tuple[PassPart, ...] = Field((), max_length=32, description="shaders in order")
    modulation: tuple[RoutePart, ...] = Field((), max_length=256)
    set: dict[Annotated[str, Field(pattern=ADDRESS)], Any] = Field(
        default_factory=dict, description="start values of any other parameter, by address"
    )
    outputs: tuple[Any, ...] = Field((), max_length=16)
    panel: PanelPart | None = Field(default_factory=PanelPart, description="null: no panel")

    @field_validator("reverie", mode="before")
    @classmethod
    def _format(cls, raw: object) -> object:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise ValueError(f"expected the number of the file format, {FORMAT}")
        if raw > FORMAT:
            raise ValueError(f"this Reverie reads format {FORMAT}; the file needs a newer one")
        return raw


@dataclass(frozen=True, slots=True)
class Kinds:
    """The plug-ins a show may name: their configuration models by `type`."""

    sensors: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    walks: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    outputs: Mapping[str, type[BaseModel]] = field(default_factory=dict)


def _one_of(models: Mapping[str, type[BaseModel]]) -> Any:
    """A union told apart by `type`."""
    options = tuple(models.values())
    if len(options) == 1:
        return options[0]
    return Annotated[Union[options], Field(discriminator="type")]  # noqa: UP007 - built at run time


def show_model(kinds: Kinds) -> type[Show]:
    """The Show model for the plug-ins at hand."""
    name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
    walk = _one_of(kinds.walks)
    fields: dict[str, Any] = {
        "sensors": (dict[name, _one_of(kinds.sensors)], Field(default_factory=dict)),  # type: ignore[misc]
        "walk": (walk, Field(default_factory=lambda: kinds.walks["drift"].model_validate({"type": "drift"}))),
        "outputs": (tuple[_one_of(kinds.outputs), ...], Field((), max_length=16)),  # type: ignore[misc]
    }
    return create_model("ShowFile", __base__=Show, __doc__=Show.__doc__, **fields)


def json_schema(kinds: Kinds) -> dict[str, Any]:
    """JSON Schema of the show file, for editors."""
    schema = show_model(kinds).model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Reverie show file"
    schema["$defs"]["PassPart"] = {
        "description": "A shader's name, or one name with the values its inputs start with.",
        "oneOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {"type": ["object", "null"]},
            },
        ],
    }
    schema["$defs"]["ChannelsPart"] = {
        "description": "Channels by number, or one of several groups of channels that draw alike.",
        "oneOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": r"^[0-9 ,-]+$"},
            {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
            {
                "type": "object",
                "properties": {
                    "cluster": {"type": "integer", "minimum": 1},
                    "of": {"type": "integer", "minimum": 1, "maximum": 64},
                },
                "required": ["cluster", "of"],
                "additionalProperties": False,
            },
        ],
    }
    return schema

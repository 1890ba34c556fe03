"""The show file's `model` where it follows a registry of networks instead of naming one."""

from typing import Annotated, Literal

from pydantic import Field

from engine.show.part import PRINTABLE, Part
from sensors.units import Seconds


class FeedPart(Part):
    """The newest network of a registry, taken up while the show runs."""

    registry: str = Field(
        min_length=1, max_length=1000, pattern=PRINTABLE, description="a folder, or an address such as s3://bucket/feed"
    )
    follow: Literal["approved", "latest"] = Field(
        "approved", description="what people approved last, or whatever was published last"
    )
    every: Annotated[Seconds, Field(ge=0.1)] = Field(10.0, description="how often the registry is looked at")
    fade: Annotated[Seconds, Field(ge=0, le=600)] = Field(
        5.0, description="how long one network takes to become the next on the wall"
    )

"""What a show says about a sensor that is lost: a simulation stands in, the value eases to a declared one, or it holds.

Each form is a pure function of the time since the loss, so that pictures do not depend on the device thread.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, FiniteFloat, Tag

from sensors.channel import Channel, Quality
from sensors.gallery_day import GalleryDay, smooth
from sensors.units import Seconds

EASE = 1.0
"""Seconds a change of source takes where the show names none."""


def between(start: float, goal: float, elapsed: float, duration: float) -> float:
    """The way from `start` to `goal`, `elapsed` seconds into a change of `duration` seconds."""
    if elapsed >= duration:
        return goal
    return start + (goal - start) * smooth(elapsed / duration)


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Simulate(_Form):
    """A seeded day stands in for the room."""

    quality: ClassVar[Quality] = Quality.SIMULATED
    simulate: Literal["gallery-day"]
    seed: int = 0

    def describe(self) -> str:
        """What stands in, for the start-up table and the log."""
        return f"simulated {self.simulate} stands in"

    def value(self, channel: Channel, start: float | None, since: float, now: float) -> float:
        """The stand-in `since` seconds after the loss, at show time `now`.

        `start` is the value shown when the sensor was lost, None where nothing had been shown yet.
        """
        simulated = GalleryDay(self.seed).value(channel, now)
        return simulated if start is None else between(start, simulated, since, EASE)


class EaseTo(_Form):
    """Each named channel eases to its value; the others hold."""

    quality: ClassVar[Quality] = Quality.FALLBACK
    ease_to: dict[str, FiniteFloat] = Field(min_length=1)
    over: Seconds = 30.0

    def describe(self) -> str:
        """What stands in, for the start-up table and the log."""
        return "eases to " + ", ".join(f"{name} {value:g}" for name, value in self.ease_to.items())

    def value(self, channel: Channel, start: float | None, since: float, now: float) -> float:
        """The stand-in `since` seconds after the loss; see Simulate.value."""
        start = channel.neutral if start is None else start
        return between(start, self.ease_to.get(channel.name, start), since, self.over)


class Hold(_Form):
    """The last value stands; before any, the channel's neutral one."""

    quality: ClassVar[Quality] = Quality.FALLBACK
    hold: Literal[True] = True

    def describe(self) -> str:
        """What stands in, for the start-up table and the log."""
        return "the last value holds"

    def value(self, channel: Channel, start: float | None, since: float, now: float) -> float:
        """The stand-in `since` seconds after the loss; see Simulate.value."""
        return channel.neutral if start is None else start


_FORMS: dict[type[BaseModel], str] = {Simulate: "simulate", EaseTo: "ease_to", Hold: "hold"}


def _form(raw: object) -> str | None:
    if isinstance(raw, dict):
        return next((key for key in _FORMS.values() if key in raw), None)
    return _FORMS.get(type(raw)) if isinstance(raw, BaseModel) else None


Fallback = Annotated[
    Annotated[Simulate, Tag("simulate")] | Annotated[EaseTo, Tag("ease_to")] | Annotated[Hold, Tag("hold")],
    Discriminator(
        _form,
        custom_error_type="fallback_form",
        custom_error_message=(
            "expected {simulate: gallery-day}, {ease_to: {channel: value}, over: 30s} or {hold: true}"
        ),
    ),
]
"""The forms of `if_lost:` in a show file."""

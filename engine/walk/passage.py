"""A walk that rests: it holds in one region, then passes on to the next, at a speed that is even to the eye."""

import logging
import math
from collections.abc import Generator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from engine.easing import Follower, restore_into, state_of
from engine.walk.ahead import Ahead
from engine.walk.base import DrawingMapping, Floats, Latent, LatentMapping, Lookup, Walk, WalkConfig, number
from engine.walk.retiming import EVEN_IN_Z, Measure, Retiming, measured, remaining
from engine.walk.route import STREAMS, Route
from engine.walk.styles import CROSSOVER_LAG, Styles
from models.seeds import LARGEST_SEED

EASE = 2.0  # seconds in which a hold or a passage gets up to speed, and in which it slows down
PACE = 11.0  # seconds of a hold for each key of its wander: about a seventh of the speed of a passage
KEYS = (0.25, 8.0)  # in a hold, at least and at most
STEPS = 128  # in which a passage is measured: with 64, speeds are off by up to a quarter
STEPS_A_KEY = 20  # the same for a hold
URGE = 3.0  # of its usual speed, added to it: how a hold is hurried at full urge
FOLLOWED = ("speed", "urge", "region", "bend", "truncation_psi", "style_mix", "style_crossover")

_log = logging.getLogger(__name__)


class PassageConfig(WalkConfig):
    """`walk: {type: passage, hold: 45, passage: 12, truncation_psi: 0.7}`"""

    type: Literal["passage"] = "passage"
    hold: float = Field(
        45,
        ge=4,
        le=600,
        description="how long it stays within a region; the longer in the show file, the further it goes there",
        json_schema_extra={"unit": "s"},
    )
    passage: float = Field(
        12, ge=4, le=120, description="how long it takes to the next region", json_schema_extra={"unit": "s"}
    )
    speed: float = Field(
        1, ge=0, le=2, description="of all its clocks, 0: it stands still", json_schema_extra={"unit": "×"}
    )
    region: float = Field(
        0.15, ge=0, le=1, description="how far it moves within a region, 0: not at all, 1: as far as to the next"
    )
    bend: float = Field(0, ge=0, le=1, description="how far its line is turned aside, 1: as far as the region goes")
    urge: float = Field(
        0, ge=0, le=1, description="brings the next passage forward, 1: a hold passes four times as fast"
    )
    stations: list[int] = Field(
        default=[],
        max_length=1024,
        description="seeds, as of `reverie generate`, whose pictures holds stay with, in turn; left out: any",
    )
    truncation_psi: float = Field(0.7, ge=-1, le=2, description="0: the average picture, 1: as varied as the archive")
    style_mix: float = Field(0, ge=0, le=1, description="how much of a second line is in the fine layers")
    style_crossover: float = Field(
        6, ge=0, le=18, description="layer where the second line sets in", json_schema_extra={"unit": "layers"}
    )

    @field_validator("stations")
    @classmethod
    def _lead_on(cls, stations: list[int]) -> list[int]:
        """From one station to the next there is a way."""
        for station, following in zip(stations, stations[1:] + stations[:1], strict=True):
            if not 0 <= station <= LARGEST_SEED:
                raise ValueError(f"{station} is no seed; give numbers from 0 to 2^63 - 1")
            if station == following:
                raise ValueError(f"{station} follows itself, in turn; give at least two seeds, and none twice in a row")
        return stations


class Passage(Walk):
    """Position = a place on the legs of a fixed route, mapped to w once a frame.

    The clock of a leg says how much of its distance should lie behind, and its re-timing where that is. Each step
    covers the same share of what is left in distance as in time, from where the walk is: so a table that comes late, or
    a network that takes over with tables of its own, changes the speed and never the position. Tables are measured at
    the show's values of region, bend, psi and style; at others the speed is less even.
    """

    Config = PassageConfig
    draws = True

    def __init__(self, config: PassageConfig, mapping: LatentMapping, seed: int) -> None:
        self._mapping = mapping
        self._styles = Styles(mapping)
        keys = min(max(config.hold / PACE, KEYS[0]), KEYS[1])
        self._routes = [
            Route(seed, 0, mapping.z_dim, keys, config.stations),
            Route(seed, STREAMS, mapping.z_dim, keys),
        ]
        self._steps = (round(STEPS_A_KEY * keys), STEPS)
        self._shown = {name: float(getattr(config, name)) for name in FOLLOWED}
        self._followers = {name: Follower(value) for name, value in self._shown.items()}
        self._followers["style_crossover"].lag = CROSSOVER_LAG
        self._leg = 0
        self._clock = self._place = 0.0  # shares of the leg's time and of its line in z
        self._in_pictures = isinstance(mapping, DrawingMapping)
        self._retimings = Ahead(self._retiming)

    def start(self) -> None:
        self._retimings.start()

    def close(self) -> None:
        self._retimings.close()

    def advance(self, dt: float, lookup: Lookup) -> Latent:
        covered = {name: follower.step(number(lookup, name), dt) for name, follower in self._followers.items()}
        if dt > 0:
            hurry = 1.0 + URGE * max(covered["urge"] / dt, 0.0)
            self._move(max(covered["speed"], 0.0), (number(lookup, "hold") / hurry, number(lookup, "passage")))
        values = {name: follower.value for name, follower in self._followers.items()}
        return Latent(self._ws(self._leg, [self._place], values)[0])

    @property
    def phase(self) -> str:
        return ("hold", "passage")[self._leg % 2]

    def _move(self, seconds: float, durations: tuple[float, float]) -> None:
        """`durations` of a hold and of a passage, in seconds of the walk's clock."""
        cycles, seconds = divmod(seconds, sum(durations))
        self._leg += 2 * int(cycles)
        while seconds > 0:
            duration = durations[self._leg % 2]
            left = (1.0 - self._clock) * duration
            if seconds < left:
                self._go_on(seconds / duration, min(EASE / duration, 0.5))
                return
            seconds -= left
            self._leg += 1
            self._clock = self._place = 0.0

    def _go_on(self, time: float, ramp: float) -> None:
        """Within a leg, both as shares of its time."""
        retiming = self._retimings.at(self._leg) or EVEN_IN_Z
        before = remaining(self._clock, ramp)
        self._clock += time
        left = (1.0 - retiming.share(self._place)) * remaining(self._clock, ramp) / before
        self._place = retiming.place(1.0 - left)

    def _ws(self, leg: int, places: list[float] | NDArray[np.float64], values: Mapping[str, float]) -> Floats:
        """ws [N, num_ws, w_dim] of places [N] on a leg."""
        region, bend = values["region"], values["bend"]
        z = np.stack([[route.at(leg, place, region, bend) for place in places] for route in self._routes])
        return self._styles(z, values["truncation_psi"], values["style_mix"], values["style_crossover"])

    def _retiming(self, leg: int) -> Generator[None, None, Retiming]:
        """By small pictures; by w where the network has none, or once they have failed."""

        def by(measure: Measure) -> Generator[None, None, Retiming]:
            return measured(lambda places: self._ws(leg, places, self._shown), measure, self._steps[leg % 2])

        if self._in_pictures:
            try:
                return (yield from by(self._drawn))
            except Exception as error:  # noqa: BLE001 - drawing may fail in any way, and the walk goes on without
                _log.warning("the walk's speed is even in w, not to the eye: %s: %s", type(error).__name__, error)
                self._in_pictures = False
        return (yield from by(lambda ws: ws))

    def _drawn(self, ws: Floats) -> Floats:
        assert isinstance(self._mapping, DrawingMapping)
        pictures = self._mapping.draw(ws)
        if not np.isfinite(pictures).all():
            raise ValueError("the network's small pictures hold numbers that are not finite")
        return pictures

    def state(self) -> dict[str, float]:
        return {"leg": float(self._leg), "clock": self._clock, "place": self._place} | state_of(self._followers)

    def restore(self, state: Mapping[str, float]) -> None:
        leg, clock, place = (float(state[name]) for name in ("leg", "clock", "place"))
        if not (math.isfinite(leg) and leg >= 0 and 0 <= clock <= 1 and 0 <= place <= 1):
            raise ValueError("the saved walk holds a place that is not on its route")
        restore_into(self._followers, dict(state))
        self._leg, self._clock, self._place = int(leg), clock, place

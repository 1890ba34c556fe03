"""The house walk: a seeded drift that never ends, never repeats and never jumps."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from engine.easing import Follower, restore_into, state_of
from engine.walk.base import Latent, LatentMapping, Lookup, Walk, WalkConfig, number
from engine.walk.path import GaussianPath
from engine.walk.styles import CROSSOVER_LAG, Styles


class DriftConfig(WalkConfig):
    """`walk: {type: drift, speed: 0.12, truncation_psi: 0.7}`"""

    type: Literal["drift"] = "drift"
    speed: float = Field(
        0.12, ge=0, le=2, description="new images a second along the path", json_schema_extra={"unit": "keys/s"}
    )
    truncation_psi: float = Field(0.7, ge=-1, le=2, description="0: the average picture, 1: as varied as the archive")
    style_mix: float = Field(0, ge=0, le=1, description="how much of a second, slower walk is in the fine layers")
    style_crossover: float = Field(
        6, ge=0, le=18, description="layer where the second walk sets in", json_schema_extra={"unit": "layers"}
    )
    mix_speed: float = Field(
        0.35, ge=0, le=2, description="the second walk's share of the speed", json_schema_extra={"unit": "×"}
    )


class Drift(Walk):
    """Position = phase along a Gaussian path in z, mapped to w once a frame.

    Speed changes how fast the phase runs and never the phase itself. All parameters go through followers: the others
    because they move the position, speed so that the path has no kink in time either.
    """

    Config = DriftConfig

    def __init__(self, config: DriftConfig, mapping: LatentMapping, seed: int) -> None:
        self._styles = Styles(mapping)
        self._paths = [GaussianPath(seed, stream, mapping.z_dim) for stream in (0, 1)]
        self._phases = [0.0, 0.0]
        names = [name for name in DriftConfig.model_fields if name != "type"]
        self._followers = {name: Follower(getattr(config, name)) for name in names}
        self._followers["style_crossover"].lag = CROSSOVER_LAG

    def advance(self, dt: float, lookup: Lookup) -> Latent:
        covered = {name: follower.step(number(lookup, name), dt) for name, follower in self._followers.items()}
        if dt > 0:
            self._phases[0] += covered["speed"]
            self._phases[1] += covered["speed"] * covered["mix_speed"] / dt
        z = np.stack([path.at(phase) for path, phase in zip(self._paths, self._phases, strict=True)])  # [2, z_dim]
        psi, mix, crossover = (self._followers[n].value for n in ("truncation_psi", "style_mix", "style_crossover"))
        return Latent(self._styles(z[:, None], psi, mix, crossover)[0])

    def state(self) -> dict[str, float]:
        return {"phase": self._phases[0], "mix_phase": self._phases[1]} | state_of(self._followers)

    def restore(self, state: Mapping[str, float]) -> None:
        phases = [float(state["phase"]), float(state["mix_phase"])]
        if not all(map(math.isfinite, phases)):
            raise ValueError("the saved walk holds a phase that is not finite")
        restore_into(self._followers, dict(state))
        self._phases = phases

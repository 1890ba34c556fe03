"""One picture that holds still: the smallest walk, and the one to copy for a new one."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from engine.easing import Follower, restore_into, state_of
from engine.walk.base import Floats, Latent, LatentMapping, Lookup, Walk, WalkConfig, number
from engine.walk.path import gaussian


class StillConfig(WalkConfig):
    """`walk: {type: still}`: the show's seed is the picture."""

    type: Literal["still"] = "still"
    truncation_psi: float = Field(0.7, ge=-1, le=2, description="0: the average picture, 1: as varied as the archive")


class Still(Walk):
    """The seed's point, moved only along its line to the average by truncation."""

    Config = StillConfig

    def __init__(self, config: StillConfig, mapping: LatentMapping, seed: int) -> None:
        z = gaussian(seed, 0, 0, mapping.z_dim).astype(np.float32)
        self._average = mapping.w_avg
        direction = mapping(z[None])[0] - mapping.w_avg
        self._direction: Floats = np.tile(direction, (mapping.num_ws, 1))  # [num_ws, w_dim]
        self._followers = {"truncation_psi": Follower(config.truncation_psi)}

    def advance(self, dt: float, lookup: Lookup) -> Latent:
        psi = self._followers["truncation_psi"]
        psi.step(number(lookup, "truncation_psi"), dt)
        return Latent(self._average + np.float32(psi.value) * self._direction)

    def state(self) -> dict[str, float]:
        return state_of(self._followers)

    def restore(self, state: Mapping[str, float]) -> None:
        restore_into(self._followers, dict(state))

"""Followers between a parameter and a position, so that a slider's jump never becomes one of the picture."""

import math
from dataclasses import dataclass

LAG = 0.25


@dataclass(slots=True)
class Follower:
    """A critically damped spring after a target: no jump in value or velocity, mean delay `lag` seconds.

    The step is the closed solution of the differential equation, so it does not depend on how time is cut into frames.
    """

    value: float
    velocity: float = 0.0
    lag: float = LAG

    def step(self, target: float, dt: float) -> float:
        """Follow `target` for `dt` seconds and return the integral of the value over that time."""
        rate = 2.0 / self.lag
        offset = self.value - target  # value(t) = target + (offset + slope t) exp(-rate t)
        slope = self.velocity + rate * offset
        decay = math.exp(-rate * dt)
        self.value = target + (offset + slope * dt) * decay
        self.velocity = (slope - rate * (offset + slope * dt)) * decay
        travelled = offset * (1.0 - decay) / rate + slope * (1.0 - decay * (1.0 + rate * dt)) / rate**2
        return target * dt + travelled


def state_of(followers: dict[str, Follower]) -> dict[str, float]:
    """Flat, JSON-able: `psi` and `psi_velocity` for the follower `psi`."""
    values = {name: follower.value for name, follower in followers.items()}
    return values | {f"{name}_velocity": follower.velocity for name, follower in followers.items()}


def restore_into(followers: dict[str, Follower], state: dict[str, float]) -> None:
    """The reverse of `state_of`; other keys are ignored. Raises KeyError or ValueError and then changes nothing."""
    names = [key for name in followers for key in (name, f"{name}_velocity")]
    if not all(math.isfinite(state[key]) for key in names):
        raise ValueError("the saved walk holds a number that is not finite")
    for name, follower in followers.items():
        follower.value, follower.velocity = state[name], state[f"{name}_velocity"]

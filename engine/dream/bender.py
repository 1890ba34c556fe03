"""The bending of one network: from the numbers that come with a latent to what its synthesis is told."""

from dataclasses import replace
from typing import Any

import torch

import models
from engine.dream.base import Floats
from engine.dream.bending import Bend, Bending, BlendWith
from models.camera import camera_transform
from models.canvas import extend
from models.edits import Blend, Edits, LayerEdit
from models.explore.clusters import channel_clusters
from models.noise import ANGLES, noise_weights, turns_noise

CAMERA = "camera/zoom"
NOISE = tuple(f"noise/turn_{angle}" for angle in range(ANGLES))

Numbers = dict[str, float]


def load_network(model: Any, device: str, bending: Bending) -> Any:
    """A checkpoint's generator on the canvas that is asked for. Raises what `models.load` raises."""
    network = models.load(model, device)
    return network if bending.canvas is None else extend(network, *bending.canvas, bending.extend)


class Bender:
    """Turns controls into arguments of `synthesis`; nothing where nothing is bent. Raises what `models.load` raises."""

    def __init__(self, network: Any, bending: Bending, device: str) -> None:
        """`network` is exact, as `load_network` gives it."""
        self._names = bending.controls
        self._turns_noise = NOISE[0] in self._names and turns_noise(network)  # one that follows another may have none
        self._bends = [(bend, _channels(network, bend)) for bend in bending.bends]
        self._blend = _blend(bending, device) if bending.blend else None

    def arguments(self, controls: Floats) -> dict[str, Any]:
        """controls, as many as were named in the bending, and zeros -> keyword arguments of `synthesis`.

        No controls at all stand for the network as it is.
        """
        if not self._names or not controls.size:
            return {}
        numbers = dict(zip(self._names, controls.tolist(), strict=False))
        arguments: dict[str, Any] = {}
        edits = Edits(tuple(_edit(bend, channels, numbers) for bend, channels in self._bends), self._mixed(numbers))
        if edits:
            arguments["edits"] = edits
        if self._turns_noise:
            arguments["noise_weights"] = torch.from_numpy(noise_weights([numbers[name] for name in NOISE]))
        if CAMERA in numbers:
            camera = {name: numbers[f"camera/{name}"] for name in ("x", "y", "rotation", "zoom")}
            arguments["transform"] = torch.from_numpy(camera_transform(**camera))
        return arguments

    def _mixed(self, numbers: Numbers) -> Blend | None:
        """The blend at its present amount, None at 0; the same one, with its weights, while that stays."""
        if self._blend is not None and self._blend.amount != numbers["blend/amount"]:
            self._blend = replace(self._blend, amount=numbers["blend/amount"])
        return self._blend if self._blend is not None and self._blend.amount else None


def _channels(network: Any, bend: Bend) -> tuple[int, ...] | None:
    """The channels a bend is about. Where there are fewer groups than was thought, the last one is meant."""
    if bend.cluster is None:
        return bend.channels
    which, count = bend.cluster
    return channel_clusters(network, bend.layer, count)[:which][-1]


def _blend(bending: Bending, device: str) -> Blend:
    assert bending.blend is not None
    part: BlendWith = bending.blend
    return Blend(load_network(part.model, device, bending).synthesis, 0.0, part.first, part.last)


def _edit(bend: Bend, channels: tuple[int, ...] | None, numbers: Numbers) -> LayerEdit:
    root = f"bend/{bend.name}"
    return LayerEdit(
        layer=bend.layer,
        channels=channels,
        scale=numbers[f"{root}/scale"],
        rotate=numbers[f"{root}/rotate"],
        translate=(numbers[f"{root}/x"], numbers[f"{root}/y"]),
        flip=(numbers[f"{root}/flip_horizontal"], numbers[f"{root}/flip_vertical"]),
        threshold=numbers[f"{root}/threshold"],
        gain=numbers[f"{root}/gain"],
        noise=numbers.get(f"{root}/noise", 1.0),  # not every network has noise
        amount=numbers[f"{root}/amount"],
    )

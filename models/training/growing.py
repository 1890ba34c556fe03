"""Networks for pictures twice as large, or more, that begin with what smaller ones know.

Starting small is Karras et al. 2018; that further layers may join without being faded in is Sauer et al. 2022
(StyleGAN-XL). Layouts are learned at a fraction of the cost of the large pictures.
"""

import copy
import math
from typing import Any

from torch import nn

from models.discriminator import Discriminator
from models.stylegan2 import Generator
from models.training.config import check_width
from models.training.networks import Networks, built
from models.training.projected import Projected


def grow(networks: Networks, resolution: int) -> Networks:
    """Networks of the same build at `resolution`, a larger power of two; a canvas grows along.

    The generator's new layers add nothing to its pictures at first, which are those of before, enlarged. The
    discriminator's new layers stand before the known ones, and begin at random. Raises TrainingError for networks that
    are too narrow.
    """
    small = built(networks.generator)
    check_width(resolution, small.channel_base)
    factor = resolution // small.img_resolution
    canvas = None if small.canvas is None else (small.canvas[0] * factor, small.canvas[1] * factor)
    larger = {"img_resolution": resolution, "canvas": canvas}
    generator = Generator(**small.model_dump() | larger)
    for block in list(generator.synthesis.blocks)[len(networks.generator.synthesis.blocks) :]:
        nn.init.zeros_(block.torgb.weight)  # type: ignore[union-attr, arg-type]
    ema = copy.deepcopy(generator).eval().requires_grad_(False)
    _take_over(generator, networks.generator.state_dict())
    _take_over(ema, networks.ema.state_dict())
    if isinstance(networks.discriminator, Projected):  # it looks at pictures of any size
        return Networks(generator, networks.discriminator, ema)
    critic = Discriminator(**networks.discriminator.config.model_dump() | larger)
    _take_over(critic, _moved_inwards(networks.discriminator, int(math.log2(factor))))
    return Networks(generator, critic, ema)


def _moved_inwards(critic: Discriminator, steps: int) -> dict[str, Any]:
    """What it knows, by the names of a discriminator that has `steps` blocks before the first; not how it looks."""
    known: dict[str, Any] = {}
    for name, value in critic.state_dict().items():
        head, *rest = name.split(".")
        if head == "blocks":
            name = ".".join([head, str(int(rest[0]) + steps), *rest[1:]])
        if head != "fromrgb":
            known[name] = value
    return known


def _take_over(network: nn.Module, known: dict[str, Any]) -> None:
    _, strange = network.load_state_dict(known, strict=False)
    assert not strange, strange

"""Networks for larger pictures, or for smaller ones, that begin with what others know.

Starting small is Karras et al. 2018; that further layers may join without being faded in is Sauer et al. 2022
(StyleGAN-XL). Layouts are learned at a fraction of the cost of the large pictures. The way back needs no new layer: the
picture is a sum over all resolutions (Karras et al. 2020, output skips), and the sum up to each of them is a picture.
"""

import math
from typing import Any

from torch import nn

from models.discriminator import Discriminator
from models.stylegan2 import Generator
from models.training.config import check_width
from models.training.networks import Networks, built, with_average
from models.training.projected import Projected


def grow(networks: Networks, resolution: int) -> Networks:
    """Networks of the same build at `resolution`, a larger power of two; a canvas grows along.

    The generator's new layers add nothing to its pictures at first, which are those of before, enlarged. The
    discriminator's new layers stand before the known ones, and begin at random. Raises TrainingError for networks that
    are too narrow, ValueError for a discriminator that is, or a canvas that would be too large.
    """
    check_width(resolution, built(networks.generator).channel_base)
    critic = networks.discriminator
    if isinstance(critic, Discriminator) and critic.config.channel_base < resolution // critic.patch_size:
        raise ValueError(
            f"its discriminator's channel_base {critic.config.channel_base} leaves no channel at a resolution of"
            f" {resolution}"
        )
    return _at(networks, resolution)


def cut(networks: Networks, resolution: int) -> Networks:
    """Networks of the same build at `resolution`, a smaller power of two; a canvas shrinks along.

    The generator's layers up to there draw what they drew. The discriminator loses its first layers, and a new
    one reads the picture. Raises ValueError for a canvas that cannot shrink so far.
    """
    return _at(networks, resolution)


def _at(networks: Networks, resolution: int) -> Networks:
    """What is known, in networks of another resolution."""
    known = built(networks.generator)
    sizes = {"img_resolution": resolution, "canvas": _scaled(known.canvas, known.img_resolution, resolution)}
    generator = Generator(**known.model_dump() | sizes)
    for block in list(generator.synthesis.blocks)[len(networks.generator.synthesis.blocks) :]:
        nn.init.zeros_(block.torgb.weight)  # type: ignore[union-attr, arg-type]
    result = with_average(generator, _discriminator_at(networks, resolution, sizes))
    _take_over(result.generator, networks.generator.state_dict())
    _take_over(result.ema, networks.ema.state_dict())
    return result


def _discriminator_at(networks: Networks, resolution: int, sizes: dict[str, Any]) -> Discriminator | Projected:
    """What it knows, at another resolution; one that looks through features sees pictures of any size."""
    known = networks.discriminator
    if isinstance(known, Projected):
        return known
    result = Discriminator(**known.config.model_dump() | sizes)
    _take_over(result, _moved(known, round(math.log2(resolution / known.img_resolution))))
    return result


def _scaled(canvas: tuple[int, int] | None, known: int, resolution: int) -> tuple[int, int] | None:
    """A canvas (height, width) of the resolution `known` at another. Raises ValueError where it has no such size."""
    if canvas is None:
        return None
    height, width = (side * resolution // known for side in canvas)
    if (height * known, width * known) != (canvas[0] * resolution, canvas[1] * resolution) or min(height, width) < 16:
        raise ValueError(
            f"its canvas {canvas[1]}x{canvas[0]} cannot be cut to a resolution of {resolution}, where the sides would"
            " not be whole numbers of 16 or more"
        )
    return height, width


def _moved(critic: Discriminator, steps: int) -> dict[str, Any]:
    """What it knows, by the names of a discriminator that has `steps` blocks more before the first, or fewer where it
    is negative; not how it looks.
    """
    known: dict[str, Any] = {}
    for name, value in critic.state_dict().items():
        head, *rest = name.split(".")
        if head == "blocks":
            at = int(rest[0]) + steps
            if at >= 0:
                known[".".join([head, str(at), *rest[1:]])] = value
        elif head != "fromrgb":
            known[name] = value
    return known


def _take_over(network: nn.Module, known: dict[str, Any]) -> None:
    """The weights that are known, of those that it has."""
    own = network.state_dict().keys()
    network.load_state_dict({name: value for name, value in known.items() if name in own}, strict=False)

"""Generators with more channels that at first draw what narrower ones draw.

Widening that preserves the function is Chen et al. 2016 (Net2Net). They copy channels and share out what goes on from
them; here new channels begin at random, with weights of zero to all that is known. Copies would stay alike, as
their gradients are; a weight of zero has a gradient.
"""

import math

import torch

from models.discriminator import Discriminator
from models.stylegan2 import Generator, SynthesisLayer, ToRGB
from models.training.networks import Networks, built, fresh_discriminator, with_average


def widths(resolution: int, channel_base: int, channel_max: int) -> list[int]:
    """Channels of a generator's blocks, from 4x4 to `resolution`."""
    return [min(channel_base // 2**i, channel_max) for i in range(2, int(math.log2(resolution)) + 1)]


def widen(networks: Networks, channel_base: int, channel_max: int) -> Networks:
    """Networks whose widths are larger in one or both; new channels come after the known ones.

    The generators draw the same pictures. A discriminator of pictures is a fresh one that is as wide. Raises ValueError
    for widths that a network may not have.
    """
    sizes = built(networks.generator).model_copy(update={"channel_base": channel_base, "channel_max": channel_max})
    critic = networks.discriminator
    if isinstance(critic, Discriminator):
        critic = fresh_discriminator(sizes)
    result = with_average(Generator(**sizes.model_dump()), critic)
    _fill(result.generator, networks.generator)
    _fill(result.ema, networks.ema)
    return result


@torch.no_grad()
def _fill(wide: Generator, known: Generator) -> None:
    """Have a wide generator draw what the known one does.

    Demodulation makes up for whatever fan-in a SynthesisLayer has, and a style has as many inputs as before: only ToRGB
    divides by the root of its channels.
    """
    own = known.state_dict()
    for name, whole in wide.state_dict().items():
        whole[tuple(slice(length) for length in own[name].shape)] = own[name]
    for layer, narrow in zip(wide.modules(), known.modules(), strict=True):
        if isinstance(layer, SynthesisLayer | ToRGB) and isinstance(narrow, SynthesisLayer | ToRGB):
            outputs, inputs = narrow.weight.shape[:2]
            layer.weight[:outputs, inputs:] = 0
            if isinstance(layer, ToRGB):
                layer.weight.mul_(math.sqrt(layer.weight.shape[1] / inputs))

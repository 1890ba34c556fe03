"""The three networks of a training: fresh, or of given sizes."""

import copy
from dataclasses import dataclass
from typing import Any

from models import discriminator, stylegan2
from models.canvas import COARSE
from models.discriminator import Discriminator
from models.stylegan2 import Generator
from models.training.config import STD_GROUP, TrainConfig, TrainingError
from models.training.projected.network import KIND, Projected
from models.training.projected.network import Config as ProjectedConfig


@dataclass(frozen=True)
class Networks:
    """The two players, and the moving average of the generator, of the same build."""

    generator: Generator
    discriminator: Discriminator | Projected
    ema: Generator

    def sizes(self) -> dict[str, Any]:
        """What `of_sizes` builds the same from: plain JSON values."""
        return {
            "generator": self.generator.config.model_dump(),
            "discriminator": self.discriminator.config.model_dump(),
        }


def fresh(config: TrainConfig, classes: int = 0) -> Networks:
    """Networks that know nothing, in the sizes of `config`."""
    sizes = stylegan2.Config(
        img_resolution=config.size("resolution"),
        z_dim=config.size("z_dim"),
        c_dim=classes,
        w_dim=config.size("w_dim"),
        channel_base=config.size("channel_base"),
        channel_max=config.size("channel_max"),
        canvas=config.canvas,
    )
    return with_average(Generator(**sizes.model_dump()), fresh_discriminator(sizes))


def of_sizes(sizes: dict[str, Any]) -> Networks:
    """Networks whose weights are still to come. Raises KeyError or ValueError for sizes that make no sense."""
    generator = Generator(**stylegan2.Config.model_validate(sizes["generator"]).model_dump())
    return with_average(generator, _discriminator(sizes["discriminator"]))


def _discriminator(sizes: dict[str, Any]) -> Discriminator | Projected:
    if isinstance(sizes, dict) and sizes.get("kind") == KIND:
        return Projected(ProjectedConfig.model_validate(sizes))
    return Discriminator(**discriminator.Config.model_validate(sizes).model_dump())


def fresh_discriminator(sizes: stylegan2.Config) -> Discriminator:
    """One that fits the pictures of such a generator, as wide as it."""
    return Discriminator(
        sizes.img_resolution, sizes.img_channels, sizes.c_dim, channel_base=sizes.channel_base,
        channel_max=sizes.channel_max, mbstd_group_size=STD_GROUP, patch_size=2, canvas=sizes.canvas,
    )  # fmt: skip


def built(generator: Generator) -> stylegan2.Config:
    """What a generator is built from."""
    assert isinstance(generator.config, stylegan2.Config)
    return generator.config


def silence(generator: Generator, below: int) -> None:
    """Layers of resolutions `below` that have no noise, and learn none."""
    resolution = COARSE
    for block in generator.synthesis.blocks:
        for name, strength in block.named_parameters():
            if name.endswith("noise_strength") and resolution < below:
                strength.requires_grad_(False).zero_()
        resolution *= 2


def freeze(critic: Discriminator, count: int) -> None:
    """Its first `count` layers, from the picture inwards, keep what they know (Mo et al. 2020).

    Raises TrainingError where there are not so many.
    """
    layers = [critic.fromrgb, *critic.blocks, critic.conv, critic.fc]
    if not 0 <= count <= len(layers):
        raise TrainingError(f"freeze_d is {count}, and this discriminator has {len(layers)} layers; give at most that")
    for layer in layers[:count]:
        layer.requires_grad_(False)


def with_average(generator: Generator, critic: Discriminator | Projected) -> Networks:
    """Both, and an average that is the generator as it is now."""
    return Networks(generator, critic, copy.deepcopy(generator).eval().requires_grad_(False))

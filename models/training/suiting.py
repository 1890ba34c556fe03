"""The discriminator that a recipe asks for: the one that was brought if it is the same, else a fresh one."""

from dataclasses import replace

import torch

from models import discriminator, features
from models.features import FeaturesError
from models.stylegan2 import Config as GeneratorConfig
from models.training.config import TrainingError
from models.training.networks import Networks, built, fresh_discriminator
from models.training.projected import Config, Projected, sizes_of
from models.training.randomness import Purpose, generator
from models.training.recipe import Recipe


def suited(networks: Networks, recipe: Recipe) -> tuple[Networks, bool]:
    """The networks with the discriminator that the recipe says, and whether that one is fresh.

    Raises TrainingError for features that cannot be had, or that do not fit.
    """
    known = networks.discriminator
    if not recipe.projected:
        if not isinstance(known, Projected):
            return networks, False
        return replace(networks, discriminator=fresh_discriminator(built(networks.generator))), True
    wanted = _config(recipe, built(networks.generator))
    fresh = Projected(wanted, generator(recipe.seed, 0, 0, Purpose.MIXED_FEATURES))
    kept = isinstance(known, Projected) and _alike(known.config, wanted) and _takes(fresh, known)
    return replace(networks, discriminator=fresh), not kept


def _config(recipe: Recipe, sizes: GeneratorConfig) -> Config:
    try:
        backbone = features.load(recipe.features, torch.device("cpu"))
        height, width = sizes.canvas or (sizes.img_resolution, sizes.img_resolution)
        with torch.no_grad():
            seen = backbone.see(torch.zeros(1, 3, height, width), recipe.feature_size)
    except FeaturesError as error:
        raise TrainingError(str(error)) from None
    if sizes.c_dim:
        raise TrainingError("a projected discriminator learns no classes; leave out --classes or --discriminator")
    return Config(
        features=recipe.features, features_sha256=backbone.sha256, **sizes_of(seen),
        pixels=_of_pixels(recipe, sizes) if recipe.pixel_weight else None,
    )  # fmt: skip


def _of_pixels(recipe: Recipe, sizes: GeneratorConfig) -> discriminator.Config:
    """The product's own discriminator, for pictures of `pixel_size`."""
    size, side = recipe.pixel_size, sizes.img_resolution
    if size > side or side % size:
        raise TrainingError(f"pixel_size is {size}, and pictures of {side} do not come down to it; give {side} or half")
    factor = side // size
    canvas = None if sizes.canvas is None else (sizes.canvas[0] // factor, sizes.canvas[1] // factor)
    config: discriminator.Config = fresh_discriminator(
        sizes.model_copy(update={"img_resolution": size, "canvas": canvas})
    ).config
    return config


def _alike(known: Config, wanted: Config) -> bool:
    """Whether both look through the same features; the pictures may be of another size."""
    return known.model_copy(update={"sides": wanted.sides}) == wanted


def _takes(fresh: Projected, known: Projected) -> bool:
    """Whether the fresh one takes over what the other knows."""
    state = known.state_dict()
    shapes = {name: value.shape for name, value in fresh.state_dict().items()}
    if {name: value.shape for name, value in state.items()} != shapes:
        return False
    fresh.load_state_dict(state)
    return True

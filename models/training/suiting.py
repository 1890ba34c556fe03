"""The discriminator that a recipe asks for: the one that was brought if it is the same, else a fresh one."""

from dataclasses import replace
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from models import discriminator, features
from models.features import FeaturesError
from models.stylegan2 import Config as GeneratorConfig
from models.training.config import TrainingError
from models.training.networks import Networks, built, fresh_discriminator
from models.training.progress import reason
from models.training.projected import Config, Projected, sizes_of
from models.training.randomness import Purpose, generator
from models.training.recipe import Recipe

LEAST_SIDE = 2  # positions of a map that can still be judged
LEAST_PIXELS = 16  # of a side of the pictures that a discriminator sees


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
    except RuntimeError as error:
        why = str(error).splitlines()[0]
        raise TrainingError(
            f"{recipe.features} cannot look at pictures of {width}x{height} at a feature_size of {recipe.feature_size}"
            f" ({why}); give another --feature-size, or other features"
        ) from None
    if sizes.c_dim:
        raise TrainingError("a projected discriminator learns no classes; leave out --classes or --discriminator")
    pixels = _of_pixels(recipe, sizes) if recipe.pixel_weight else None
    try:
        return Config(
            features=recipe.features, features_sha256=backbone.sha256, **_checked(recipe, seen), pixels=pixels
        )
    except ValidationError as error:
        raise TrainingError(f"{recipe.features} has levels that do not fit ({reason(error)}); give others") from None


def _checked(recipe: Recipe, seen: list[Tensor]) -> dict[str, Any]:
    """The sizes of what features see. Raises TrainingError for maps that are too small to be judged."""
    sizes = sizes_of(seen)
    smallest = min(sizes["sides"], default=LEAST_SIDE)
    if smallest < LEAST_SIDE:
        raise TrainingError(
            f"{recipe.features} makes maps of {smallest} position a side at a feature_size of {recipe.feature_size},"
            f" and {LEAST_SIDE} are needed; give a larger --feature-size, or features without that level"
        )
    return sizes


def _of_pixels(recipe: Recipe, sizes: GeneratorConfig) -> discriminator.Config:
    """The product's own discriminator, for pictures of `pixel_size`."""
    size, side = recipe.pixel_size, sizes.img_resolution
    if size > side or side % size:
        raise TrainingError(
            f"pixel_size is {size}, and pictures of {side} do not come down to it; give another --pixel-size"
        )
    factor = side // size
    canvas = None if sizes.canvas is None else (sizes.canvas[0] // factor, sizes.canvas[1] // factor)
    if canvas is not None and min(canvas) < LEAST_PIXELS:
        raise TrainingError(
            f"pixel_size is {size}, which makes {canvas[1]}x{canvas[0]} of the pictures, and sides of {LEAST_PIXELS} or"
            " more are needed; give a larger --pixel-size"
        )
    config: discriminator.Config = fresh_discriminator(
        sizes.model_copy(update={"img_resolution": size, "canvas": canvas})
    ).config
    return config


def _alike(known: Config, wanted: Config) -> bool:
    """Whether both look through the same features; the pictures may be of another size, the file in another place."""
    return known.model_copy(update={"sides": wanted.sides, "features": wanted.features}) == wanted


def _takes(fresh: Projected, known: Projected) -> bool:
    """Whether the fresh one takes over what the other knows."""
    state = known.state_dict()
    shapes = {name: value.shape for name, value in fresh.state_dict().items()}
    if {name: value.shape for name, value in state.items()} != shapes:
        return False
    fresh.load_state_dict(state)
    return True

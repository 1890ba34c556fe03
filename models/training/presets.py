"""Settings nobody should have to look up: by number of pictures, resolution and device."""

from dataclasses import fields
from typing import Any, Literal

from models.canvas import COARSE
from models.training.config import LossName, TrainConfig
from models.training.recipe import Recipe

Preset = Literal["few", "many", "stylegan2"]

OF_LOSS = ("loss", "gamma", "penalty_interval", "path_weight", "path_interval")  # means nothing to another one
PIXEL_SIZE = 32
FEW = 2000  # pictures below which a discriminator soon knows them by heart


def chosen(asked: str, pictures: int) -> Preset:
    """The preset that `auto` stands for, or the one that was asked for."""
    if asked == "few" or asked == "many" or asked == "stylegan2":
        return asked  # type: ignore[return-value]
    return "few" if pictures < FEW else "many"


def settle(config: TrainConfig, pictures: int, resolution: int, earlier: dict[str, Any]) -> Recipe:
    """What was asked for, else what the run that goes on was made with (`earlier`), else what the preset says."""
    given = {field.name: getattr(config, field.name) for field in fields(Recipe)}
    known = {name: earlier[name] for name in given if name in earlier}
    if given["loss"] not in (None, known.get("loss")):
        known = {name: value for name, value in known.items() if name not in OF_LOSS}
    known |= {name: value for name, value in given.items() if value not in (None, "auto")}
    usual = _defaults(chosen(config.preset, pictures), resolution, config.on_gpu, known)
    if known.get("discriminator") == "projected":
        usual |= _of_projected(known, config.on_gpu)
    return Recipe(**usual | known)


def _defaults(preset: Preset, resolution: int, gpu: bool, known: dict[str, Any]) -> dict[str, Any]:
    """Of every setting; what hangs on loss and batch heeds those that are known."""
    loss: LossName = known.get("loss", "stylegan2" if preset == "stylegan2" else "relativistic")
    batch: int = known.get("batch", min(max(8192 // resolution, 8), 64) if gpu else 16)
    share = resolution / 64
    published = 0.0002 * resolution**2 / batch  # Karras et al. 2020, ADA
    return {
        "seed": 0,
        "batch": batch,
        "part": min(batch, 32 if gpu else 8),
        "mirror": True,
        "discriminator": "stylegan2",
        "features": "efficientnet-lite0",
        "feature_size": min(max(96, resolution), 256),
        "spread_weight": 0.0,
        "pixel_weight": 0.0,
        "pixel_size": PIXEL_SIZE,
        "loss": loss,
        "gamma": (0.02 * share**2 if loss == "relativistic" else published) * (4 if preset == "few" else 1),
        "penalty_interval": 8 if loss == "relativistic" else 16,
        "path_weight": 2.0 if loss == "stylegan2" else 0.0,
        "path_interval": 4,
        "learning_rate": 0.0025 if resolution < 1024 else 0.002,
        "warm_up": 0.0,
        "ema_kimg": batch * 10 / 32,
        "ema_ramp": 0.05,
        "noise_after": 40.0,
        "noise_from": COARSE if preset == "stylegan2" else 32,
        "style_mixing": 0.9 if preset == "stylegan2" else 0.5,
        "augment": "ada" if preset == "few" else "light",
        "freeze_d": 0,
        "dtype": "bfloat16",
    }


def _of_projected(known: dict[str, Any], gpu: bool) -> dict[str, Any]:
    """What is otherwise with a projected discriminator: measured on 4,000 paintings, see docs/TRAINING.md."""
    batch: int = known.get("batch", 64 if gpu else 32)
    pixel_size: int = known.get("pixel_size", PIXEL_SIZE)
    return {
        "batch": batch,
        "part": min(batch, 32 if gpu else 16),
        "loss": "hinge",
        "gamma": 0.02 * (pixel_size / 64) ** 2,  # of the discriminator of pictures beside it
        "penalty_interval": 8,
        "path_weight": 2.0 if known.get("loss") == "stylegan2" else 0.0,
        "learning_rate": 0.002,
        "ema_kimg": 5.0,
        "noise_after": 0.0,
        "style_mixing": 0.0,
        "augment": "strong",
    }

"""The published PyTorch code of StyleGAN2 and StyleGAN3, from a checkout that the user names, as it is, to measure.

Nothing of it is contained here: it is imported from that folder, in a process of its own.
"""

import pickle
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from models.benchmark import networks
from models.errors import CheckpointError

CLASSES = {"stylegan2": "training.networks_stylegan2", "stylegan3": "training.networks_stylegan3"}
OUR_NAMES = {"mapping_layers": "num_layers"}


def check(checkout: str, *parts: str) -> None:
    """Raise CheckpointError for a folder without one of these parts of the published code."""
    for part in parts:
        try:
            (Path(checkout) / part).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise CheckpointError(
                f"{checkout}: no checkout of the published code; it has no {part}; give a folder of NVlabs/stylegan3"
            ) from None
        except OSError as error:
            raise CheckpointError(
                f"{checkout}: cannot be read ({error.strerror}); give a folder of NVlabs/stylegan3"
            ) from None


def build(checkout: Path, name: str, hand_over: str | None) -> Any:
    """A generator of a published size with every parameter random; to `hand_over` it is written as training would."""
    architecture, settings = networks.settings(name)
    make_importable(checkout)
    module = import_module(CLASSES[architecture])
    torch.manual_seed(0)
    layers = {"num_layers": 2 if architecture == "stylegan3" else 8}
    arguments = {key: value for key, value in settings.items() if key not in OUR_NAMES}
    generator = module.Generator(c_dim=0, img_channels=3, mapping_kwargs=layers, **arguments)
    with torch.no_grad():
        for parameter_name, parameter in generator.named_parameters():
            if parameter_name.endswith(("noise_strength", ".bias")) and "affine" not in parameter_name:
                parameter.normal_(std=0.1)
    generator = generator.eval().requires_grad_(False)
    if hand_over is not None:
        with open(hand_over, "wb") as file:
            pickle.dump({"G": generator, "D": None, "G_ema": generator}, file)
    return generator


def synthesis_of(generator: Any) -> Callable[..., Any]:
    """Its synthesis in the precision it chooses itself: float32 on a CPU, float16 where it can on a GPU."""
    return partial(generator.synthesis)


def make_importable(checkout: Path) -> None:
    """Have Python find its modules, and stand in for two others that it only imports for what is not used here."""
    sys.path.insert(0, str(checkout))
    for missing in ("requests", "pkg_resources"):
        if missing not in sys.modules and not _importable(missing):
            sys.modules[missing] = _stand_in(missing)


def _importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    module.parse_version = lambda text: tuple(int(part) for part in text.split("+")[0].split(".")[:2])  # type: ignore[attr-defined]
    return module

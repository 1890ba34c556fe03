"""The state of a training on disk: one safetensors file, nothing pickled, replaced atomically."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.files import write_atomically
from models.training.config import TrainingError
from models.training.players import Players

NAME = "state.safetensors"
FORMAT = 1


def _optimiser_tensors(prefix: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {f"{prefix}.{index}.{key}": value for index, entry in state.items() for key, value in entry.items()}


def _networks(players: Players) -> dict[str, torch.nn.Module]:
    return {"generator": players.generator, "discriminator": players.discriminator, "ema": players.ema}


def _optimisers(players: Players) -> dict[str, torch.optim.Optimizer]:
    return {"optimiser_g": players.optimiser_g, "optimiser_d": players.optimiser_d}


def save_state(folder: Path, players: Players, progress: dict[str, Any]) -> None:
    """Write weights, moving average, optimisers, random state and `progress` (plain JSON values)."""
    tensors: dict[str, Tensor] = {"random_state": torch.get_rng_state()}
    for name, network in _networks(players).items():
        tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
    for name, optimiser in _optimisers(players).items():
        tensors |= _optimiser_tensors(name, optimiser)
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise TrainingError(f"the weights are no longer finite; resume from {folder / NAME} with a lower learning rate")
    sizes = json.dumps(players.networks.sizes())
    metadata = {"format": str(FORMAT), "progress": json.dumps(progress), "sizes": sizes}
    write_atomically(folder / NAME, lambda path: save_file(tensors, path, metadata=metadata))


def load_state(folder: Path, players: Players) -> dict[str, Any]:
    """Restore what `save_state` wrote into `players` and the random state; returns its `progress`."""
    with reading(folder) as path:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
        progress, _ = saved(path)
        _restore(players, tensors)
    return progress


def saved(path: Path) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """`progress` of a state, and the sizes of its networks; None where an older Reverie did not write them."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    return json.loads(metadata["progress"]), json.loads(metadata["sizes"]) if "sizes" in metadata else None


@contextmanager
def reading(folder: Path) -> Iterator[Path]:
    """The state in a folder. Raises TrainingError where there is none, and for what goes wrong while it is read."""
    path = folder / NAME
    if not path.is_file():
        raise TrainingError(f"there is no {path} to resume from; give the folder of an earlier run with --resume")
    try:
        yield path
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"{path} does not fit this run ({reason}); resume with the settings it was made with"
        ) from None


def _part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def _restore(players: Players, tensors: dict[str, Tensor]) -> None:
    for name, network in _networks(players).items():
        network.load_state_dict(_part(tensors, name))
    for name, optimiser in _optimisers(players).items():
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in _part(tensors, name).items():
            index, field = key.split(".", 1)
            entries.setdefault(int(index), {})[field] = value
        optimiser.load_state_dict({"state": entries, "param_groups": optimiser.state_dict()["param_groups"]})
    torch.set_rng_state(tensors["random_state"])

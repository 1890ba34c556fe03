"""The state of a training, and the same on disk: one safetensors file, nothing pickled, replaced atomically."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.files import write_atomically
from models.training.config import TrainingError
from models.training.networks import Networks, of_sizes
from models.training.players import Players

NAME = "state.safetensors"
FORMAT = 2  # 1 had the state of a random generator; numbers are a function of the iteration now


@dataclass(frozen=True)
class State:
    """Weights, moving average and optimisers, on the CPU and apart from what goes on; `progress`: plain JSON values."""

    tensors: dict[str, Tensor]
    progress: dict[str, Any]

    def finite(self) -> bool:
        return all(bool(value.isfinite().all()) for value in self.tensors.values())


def capture(players: Players, progress: dict[str, Any]) -> State:
    """The players as they are now, to go back to."""
    tensors: dict[str, Tensor] = {}
    for name, network in _networks(players).items():
        tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
    for name, optimiser in _optimisers(players).items():
        tensors |= _optimiser_tensors(name, optimiser)
    return State({key: value.detach().to("cpu", copy=True).contiguous() for key, value in tensors.items()}, progress)


def restore(players: Players, state: State) -> None:
    """Make the players what they were. Raises RuntimeError or KeyError where the state is of other networks."""
    for name, network in _networks(players).items():
        network.load_state_dict(_part(state.tensors, name))
    for name, optimiser in _optimisers(players).items():
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in _part(state.tensors, name).items():
            index, field = key.split(".", 1)
            entries.setdefault(int(index), {})[field] = value.clone()
        optimiser.load_state_dict({"state": entries, "param_groups": optimiser.state_dict()["param_groups"]})


def write(folder: Path, state: State, sizes: dict[str, Any]) -> None:
    """The state to disk, whole or not at all. Raises TrainingError for weights that are not finite, OSError."""
    if not state.finite():
        raise TrainingError(f"the weights are no longer finite; resume from {folder / NAME} with a lower learning rate")
    metadata = {"format": str(FORMAT), "progress": json.dumps(state.progress), "sizes": json.dumps(sizes)}
    write_atomically(folder / NAME, lambda path: save_file(state.tensors, path, metadata=metadata))


def load(folder: Path, players: Players) -> dict[str, Any]:
    """Restore what `write` wrote into `players`; returns its `progress`."""
    with reading(folder) as path:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
        progress, _ = saved(path)
        restore(players, State(tensors, progress))
    return progress


def saved(path: Path) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """`progress` of a state, and the sizes of its networks; None where an older Reverie did not write them."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    return json.loads(metadata["progress"]), json.loads(metadata["sizes"]) if "sizes" in metadata else None


def networks_in(path: Path) -> tuple[dict[str, Any], Networks]:
    """`progress` of a state, and its networks without the optimisers."""
    progress, sizes = saved(path)
    if sizes is None:
        raise ValueError("it is of an older Reverie and does not say its sizes")
    networks = of_sizes(sizes)
    with safe_open(path, framework="pt") as file:
        for name in ("generator", "discriminator", "ema"):
            network: torch.nn.Module = getattr(networks, name)
            network.load_state_dict({key: file.get_tensor(f"{name}.{key}") for key in network.state_dict()})
    return progress, networks


@contextmanager
def reading(folder: Path, option: str = "--resume") -> Iterator[Path]:
    """The state in a folder that was given as `option`.

    Raises TrainingError where there is none, and for what goes wrong while it is read.
    """
    path = folder / NAME
    if not path.is_file():
        raise TrainingError(f"there is no {path}; give the folder of an earlier run with {option}")
    try:
        yield path
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"{path} does not fit this run ({reason}); resume with the settings it was made with"
        ) from None


def _networks(players: Players) -> dict[str, torch.nn.Module]:
    return {"generator": players.generator, "discriminator": players.discriminator, "ema": players.ema}


def _optimisers(players: Players) -> dict[str, torch.optim.Optimizer]:
    return {"optimiser_g": players.optimiser_g, "optimiser_d": players.optimiser_d}


def _optimiser_tensors(prefix: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {f"{prefix}.{index}.{key}": value for index, entry in state.items() for key, value in entry.items()}


def _part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}

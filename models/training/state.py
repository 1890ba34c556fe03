"""The state of a training, and the same on disk: one safetensors file, nothing pickled, replaced atomically."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.files import write_atomically
from models.training.config import TrainingError
from models.training.networks import Networks, of_sizes
from models.training.players import Players
from models.training.progress import progress_of, reason

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
    """Make the players what they were.

    Raises RuntimeError, KeyError or ValueError where the state is of other networks.
    """
    for name, network in _networks(players).items():
        network.load_state_dict(_part(state.tensors, name))
    for name, optimiser in _optimisers(players).items():
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in _part(state.tensors, name).items():
            index, field = key.split(".", 1)
            entries.setdefault(int(index), {})[field] = value.clone()
        _check_moments(optimiser, entries)
        optimiser.load_state_dict({"state": entries, "param_groups": optimiser.state_dict()["param_groups"]})


def write(folder: Path, state: State, sizes: dict[str, Any]) -> None:
    """The state to disk, whole or not at all. Raises TrainingError for weights that are not finite, OSError."""
    if not state.finite():
        raise TrainingError(f"the weights are no longer finite; resume from {folder / NAME} with a lower learning rate")
    metadata = {"format": str(FORMAT), "progress": json.dumps(state.progress), "sizes": json.dumps(sizes)}
    metadata["sha256"] = _digest(state.tensors, metadata)
    write_atomically(folder / NAME, lambda path: save_file(state.tensors, path, metadata=metadata))


def load(folder: Path, players: Players) -> dict[str, Any]:
    """Restore what `write` wrote into `players`; returns its `progress`."""
    with reading(folder) as path:
        state, _ = _whole(path)
        restore(players, state)
    return state.progress


def saved(path: Path) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """`progress` of a state, and the sizes of its networks; None where an older Reverie did not write them."""
    with safe_open(path, framework="pt") as file:
        return _told(path, file.metadata())


def _told(path: Path, metadata: dict[str, str] | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    if metadata is None or "progress" not in metadata:
        raise ValueError("it is no state of a training")
    if int(metadata.get("format", "1")) > FORMAT:
        raise TrainingError(f"{path} is of a newer Reverie; update this one")
    return progress_of(metadata["progress"]), json.loads(metadata["sizes"]) if "sizes" in metadata else None


def _whole(path: Path) -> tuple[State, dict[str, Any] | None]:
    """All of a state, opened once: whoever writes it may put another in its place. Raises TrainingError for damage."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        progress, sizes = _told(path, metadata)
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    if metadata.get("sha256") not in (None, _digest(tensors, metadata)):  # an older Reverie wrote none
        raise TrainingError(f"{path} is damaged, as its SHA-256 says; train on from one of the networks with --from")
    return State(tensors, progress), sizes


def _digest(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """SHA-256 of the weights, by name, and of what is said of them."""
    digest = hashlib.sha256("\n".join(metadata.get(key, "") for key in ("format", "progress", "sizes")).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def networks_in(path: Path) -> tuple[dict[str, Any], Networks]:
    """`progress` of a state, and its networks without the optimisers."""
    state, sizes = _whole(path)
    if sizes is None:
        raise ValueError("it is of an older Reverie and does not say its sizes")
    networks = of_sizes(sizes)
    for name in ("generator", "discriminator", "ema"):
        getattr(networks, name).load_state_dict(_part(state.tensors, name))
    return state.progress, networks


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
        why = reason(error) if isinstance(error, ValidationError) else str(error).splitlines()[0]
        way = "resume with the settings it was made with" if option == "--resume" else f"give another {option}"
        raise TrainingError(f"{path} does not fit this run ({why}); {way}") from None


def _networks(players: Players) -> dict[str, torch.nn.Module]:
    return {"generator": players.generator, "discriminator": players.discriminator, "ema": players.ema}


def _optimisers(players: Players) -> dict[str, torch.optim.Optimizer]:
    return {"optimiser_g": players.optimiser_g, "optimiser_d": players.optimiser_d}


def _optimiser_tensors(prefix: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {f"{prefix}.{index}.{key}": value for index, entry in state.items() for key, value in entry.items()}


def _check_moments(optimiser: torch.optim.Optimizer, entries: dict[int, dict[str, Tensor]]) -> None:
    """Raise ValueError unless they are of these parameters: fused, Adam does not look before it writes."""
    parameters: list[Tensor] = optimiser.param_groups[0]["params"]
    none: tuple[int, ...] = ()
    wanted = {
        index: {"step": none, "exp_avg": tuple(parameter.shape), "exp_avg_sq": tuple(parameter.shape)}
        for index, parameter in enumerate(parameters)
    }
    shapes = {index: {key: tuple(value.shape) for key, value in entry.items()} for index, entry in entries.items()}
    floats = all(value.dtype == torch.float32 for entry in entries.values() for value in entry.values())
    if entries and (shapes != wanted or not floats):
        raise ValueError("its optimisers are of other networks, or of other layers that learn")


def _part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}

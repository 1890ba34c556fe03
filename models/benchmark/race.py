"""Contestants drawing in turns, and what comes of it."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch

import models
from models.benchmark import networks, official
from models.benchmark.contestant import Entry, call
from models.benchmark.machine import described
from models.benchmark.process import Runner, in_turns
from models.convert import convert
from models.device import check_device
from models.errors import CheckpointError
from models.fast.precision import psnr

TURN = 4  # pictures a turn; the first does not count, since it finds the caches full of another's numbers


def race(
    model: str, device: str, threads: int, precision: str | None, against: list[str], rounds: int, frames: int
) -> dict[str, Any]:
    """Measure the fast path of `model`, a published size or a checkpoint, in alternation with the exact network and,
    where `against` names the folder of a checkout, with the published code. `frames` is how long memory is watched.

    Raises CheckpointError with one sentence.
    """
    _check(model, device)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runners: dict[str, Runner] = {}
        source = model
        for checkout in against:
            source = str(folder / "official.safetensors")
            runners["official"] = stack.enter_context(_official(checkout, model, device, threads, Path(source)))
        for entry in (Entry("fast", source, device, threads, precision), Entry("exact", source, device, threads)):
            runners[entry.kind] = stack.enter_context(Runner(call(entry), threads))
        fast = runners["fast"]
        turns = in_turns(runners, rounds, "draw", count=TURN)
        times = {name: [turn[1:] for turn in own] for name, own in turns.items()}
        memory = fast("memory", frames=frames)  # not before, or one contestant would be warmer than the others
        pictures = {name: _picture(runner, folder / f"{name}.npy") for name, runner in runners.items()}
        gaps = fast("gaps", frames=TURN * rounds)
        about, peaks = runners["exact"]("about") | fast("about"), fast("peaks")
    figures = _figures(times["fast"], about["gmac"])
    return {
        "config": model,
        "device": device,
        "threads": threads,
        **{key: about[key] for key in ("precision", "gmac", "prepare_s") if key in about},
        **figures,
        "peaks": peaks,
        "ratio_to_conv_peak": round(figures["gflops"] / peaks["conv_gflops"], 3),
        "ratio_to_own_convolutions": round(figures["gflops"] / peaks["own_convolutions_gflops"], 3),
        "launch_gaps": gaps,
        "against": {name: _comparison(times, pictures, name) for name in runners if name != "fast"},
        "memory": memory | {key: about[key] for key in ("weights_mib", "activations_mib")},
        "machine": described(device),
    }


def _check(model: str, device: str) -> None:
    if model not in networks.CONFIGS:
        try:
            models.resolve(model)
        except CheckpointError as error:
            raise CheckpointError(f"{error}; or a published size: {', '.join(networks.CONFIGS)}") from None
    check_device(device)


def _official(checkout: str, model: str, device: str, threads: int, checkpoint: Path) -> Runner:
    """The published code with a random network, which is converted to `checkpoint` for the others. It starts by being
    entered.
    """
    if model not in networks.CONFIGS:
        known = ", ".join(networks.CONFIGS)
        raise CheckpointError(f"the published code is measured at a published size: --config one of {known}")
    official.check(checkout, "training")
    handed_over = checkpoint.with_suffix(".pkl")
    entry = Entry("official", model, device, threads, checkout=checkout, hand_over=str(handed_over))
    runner = Runner(call(entry), threads)
    runner.wait()
    convert(handed_over, checkpoint)
    return runner


def _figures(turns: list[list[float]], gmac: float) -> dict[str, Any]:
    """Of every picture."""
    times = np.concatenate(turns)
    median = float(np.median(times))
    return {
        "ms_median": round(median, 2),
        "ms_p99": round(float(np.percentile(times, 99)), 2),
        "images_per_s": round(1000 / median, 2),
        "gflops": round(2000 * gmac / median, 1),
    }


def _comparison(times: dict[str, list[list[float]]], pictures: dict[str, Any], name: str) -> dict[str, Any]:
    """One contestant beside the fast one: ratios are of neighbouring turns, outputs those of one latent."""
    ratios = [float(np.median(other) / np.median(own)) for own, other in zip(times["fast"], times[name], strict=True)]
    difference = pictures["fast"] - pictures[name]
    return {
        "ms_median": round(float(np.median(times[name])), 2),
        "times_as_fast": round(float(np.median(ratios)), 2),
        "times_as_fast_quartiles": [round(float(q), 2) for q in np.percentile(ratios, [25, 75])],
        "psnr_db": round(psnr(*(torch.from_numpy(pictures[who]) for who in (name, "fast"))), 1),
        "largest_difference": float(np.abs(difference).max()),
        "largest_value": float(np.abs(pictures[name]).max()),
    }


def _picture(runner: Runner, path: Path) -> Any:
    runner("picture", path=str(path))
    return np.load(path)

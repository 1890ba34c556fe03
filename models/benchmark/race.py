"""Contestants drawing in turns, and what comes of it."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

import models
from models.benchmark import networks
from models.benchmark.contestant import Entry, arguments
from models.benchmark.machine import cpu_name
from models.convert import convert
from models.device import check_device
from models.errors import CheckpointError
from models.fast.precision import psnr

ROOT = Path(__file__).parents[2]
TURN = 4  # pictures a turn; the first does not count, since it finds the caches full of another's numbers


class Runner:
    """A contestant's process, as a context."""

    def __init__(self, entry: Entry) -> None:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
            "OMP_NUM_THREADS": str(entry.threads),
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        self._name = entry.kind
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, *arguments(entry)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        self.wait()
        return self

    def wait(self) -> None:
        """Until its network is loaded. Raises CheckpointError where it cannot be."""
        if not self._ready:
            self._answer()
            self._ready = True

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def __call__(self, what: str, **order: Any) -> Any:
        """Have it do something and wait for the answer. Raises CheckpointError where it cannot."""
        assert self._process.stdin is not None
        print(json.dumps({"do": what} | order), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, errors = self._process.communicate()
            last = errors.strip().splitlines()[-1:] or ["it ended without a word"]
            raise CheckpointError(f"the {self._name} generator cannot be measured: {last[0]}")
        return json.loads(line)


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
        fast = stack.enter_context(Runner(Entry("fast", source, device, threads, precision)))
        runners |= {"fast": fast, "exact": stack.enter_context(Runner(Entry("exact", source, device, threads)))}
        times: dict[str, list[list[float]]] = {name: [] for name in runners}
        for _ in range(rounds):
            for name, runner in runners.items():
                times[name].append(runner("draw", count=TURN)[1:])
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
        "machine": _machine(device),
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
    if not (Path(checkout) / "training").is_dir():
        raise CheckpointError(f"{checkout}: no checkout of the published code; it has no folder training")
    handed_over = checkpoint.with_suffix(".pkl")
    runner = Runner(Entry("official", model, device, threads, checkout=checkout, hand_over=str(handed_over)))
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


def _machine(device: str) -> dict[str, Any]:
    gpu = torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else None
    return {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "gpu": gpu, "torch": torch.__version__}

"""A generator in a process of its own, which draws when it is told to: `python -m models.benchmark.contestant`."""

import gc
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from models import checkpoint, registry
from models.benchmark import networks, official, peaks
from models.benchmark.machine import resident_mib
from models.benchmark.process import Call, serve

WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """What a contestant is: `fast`, `exact` or `official`, which network, on what.

    `model` is a published size or a checkpoint. `checkout` is the folder of the published code, and `hand_over` the
    file it writes its random network to, for the others to read.
    """

    kind: str
    model: str
    device: str
    threads: int
    precision: str | None = None
    checkout: str | None = None
    hand_over: str | None = None


class Contestant:
    """Holds the network; every order is a method."""

    def __init__(self, entry: Entry) -> None:
        torch.set_num_threads(entry.threads)
        self.device = torch.device(entry.device)
        self.facts: dict[str, Any] = {}
        _warm_library(entry)
        self.before = resident_mib()
        self._generator, self._synthesis = self._load(entry)
        self._latents = _mapped(self._generator, self.device)
        for _ in range(WARM_UP):
            self._draw(0)

    def draw(self, count: int) -> list[float]:
        """Milliseconds of so many pictures, one after the other."""
        times = []
        for i in range(count):
            start = time.perf_counter()
            self._draw(i)
            times.append(1000 * (time.perf_counter() - start))
        return times

    def picture(self, path: str) -> None:
        """Write the picture of the first latent, float32 [3, H, W]."""
        np.save(path, self._draw(0)[0].float().cpu().numpy())

    def about(self) -> dict[str, Any]:
        """Facts of the network as it was loaded."""
        return self.facts

    def peaks(self) -> dict[str, Any]:
        """What the machine can do in the type this contestant computes in."""
        dtype = getattr(torch, self.facts.get("precision", "float32"))
        exact = networks.load(self.facts["model"])
        return peaks.measure(exact.synthesis, dtype, self.device)

    def gaps(self, frames: int) -> float | None:
        """Share of the time in which the GPU had nothing to do; None on other devices."""
        if self.device.type != "cuda":
            return None
        with profile(activities=[ProfilerActivity.CUDA]) as profiled:
            wall = sum(self.draw(frames)) * 1000  # microseconds
        busy = sum(event.self_device_time_total for event in profiled.key_averages())
        return round(float(1 - busy / wall), 3)

    def memory(self, frames: int) -> dict[str, Any]:
        """Resident memory over so many pictures, in MiB above what the process held before it loaded the network; and
        the most it ever was, which is while a network is loaded and prepared.
        """
        gc.collect()
        quarter = max(frames // 4, 1)
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        marks = []
        for _ in range(4):
            self.draw(quarter)
            marks.append(round(resident_mib() - self.before, 1))
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
        return {
            "frames": 4 * quarter,
            "resident_mib": marks,
            "peak_mib": round(most_resident_mib() - self.before, 1),
            "page_faults_per_frame": round(faults / quarter / 4, 2),
        }

    def _load(self, entry: Entry) -> tuple[Any, Callable[..., Tensor]]:
        if entry.kind == "official":
            assert entry.checkout is not None
            generator = official.build(Path(entry.checkout), entry.model, entry.hand_over)
            generator = generator.to(self.device)
            return generator, official.synthesis_of(generator)
        generator = networks.load(entry.model).to(self.device)
        self.facts = {"model": entry.model, "gmac": networks.macs(generator.synthesis) / 1e9, "precision": "float32"}
        if entry.kind == "exact":
            self.facts |= memory_of(generator)
            return generator, generator.synthesis
        start = time.perf_counter()
        fast = generator.fast(entry.precision)
        self.facts |= {"precision": fast.precision, "prepare_s": round(time.perf_counter() - start, 2)}
        return fast, fast.synthesis

    def _draw(self, number: int) -> Tensor:
        with torch.inference_mode():
            image = self._synthesis(self._latents[number % len(self._latents)][None], noise_mode="const")
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            return image


def _warm_library(entry: Entry) -> None:
    """Read a tiny network and draw with it, so that code and tables of the libraries do not count as the network's
    memory.
    """
    if entry.kind == "official":
        return
    tiny = registry.architectures()["stylegan2"].Generator(img_resolution=16, channel_max=16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.safetensors"
        checkpoint.save(path, tiny, {})
        fast = checkpoint.load(path).fast(entry.precision)
    fast.synthesis(_mapped(fast, torch.device("cpu"))[:1])


def _mapped(generator: Any, device: torch.device) -> Tensor:
    """ws [8, num_ws, w_dim] of random latents, always the same."""
    z = torch.from_numpy(np.random.default_rng(0).standard_normal((8, generator.z_dim), np.float32))
    c = torch.eye(generator.c_dim)[:1].expand(8, -1).to(device) if generator.c_dim else None
    with torch.inference_mode():
        return generator.mapping(z.to(device), c)  # type: ignore[no-any-return]


class LargestOperation(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the most bytes that the tensors of one operation have: what a picture needs at its widest."""

    bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        maps = {item.data_ptr(): item for item in (*args, result) if isinstance(item, Tensor) and item.ndim == 4}
        self.bytes = max(self.bytes, sum(item.numel() * item.element_size() for item in maps.values()))
        return result


def memory_of(generator: Any) -> dict[str, float]:
    """MiB of a generator's float32 weights, and of the maps that one operation of the exact network reads and writes
    where they are largest.
    """
    weights = sum(tensor.numel() * 4 for tensor in generator.state_dict().values())
    ws = torch.zeros(1, generator.num_ws, generator.w_dim, device=next(generator.parameters()).device)
    with torch.inference_mode(), LargestOperation() as largest:  # type: ignore[no-untyped-call]
        generator.synthesis(ws)
    return {"weights_mib": round(weights / 2**20, 1), "activations_mib": round(largest.bytes / 2**20, 1)}


def most_resident_mib() -> float:
    """The most that was ever resident of this process, in MiB."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10


def call(entry: Entry) -> Call:
    """What starts such a contestant."""
    return Call(f"{entry.kind} generator", "models.benchmark.contestant", asdict(entry))


if __name__ == "__main__":
    serve(lambda entry: Contestant(Entry(**entry)))

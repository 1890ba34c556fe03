"""A generator as one file for other programs."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.files import write_atomically

NEEDED = ("onnx", "onnxruntime", "onnxscript")
TOLERANCE = 1e-3
CHECKED = ((2, 1.0), (1, 0.7), (3, 0.5))  # batch and truncation psi of the pictures compared
SEED = 1929


class ExportError(Exception):
    """A network that is not exported, in one sentence."""


class Whole(nn.Module):
    """Mapping and synthesis as one function, with fixed noise and the truncation as an input."""

    def __init__(self, generator: Any) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor, psi: Tensor, c: Tensor | None = None) -> Tensor:
        """z [N, z_dim], psi [], c [N, c_dim] -> image [N, C, H, W]"""
        ws = self.generator.mapping(z, c)
        image: Tensor = self.generator.synthesis(self.generator.mapping.w_avg.lerp(ws, psi), noise_mode="const")
        return image


def export_onnx(generator: Any, out: Path, notes: dict[str, str]) -> float:
    """Write an ONNX model: inputs z [n, z_dim], psi [] and, where there are classes, c [n, c_dim]; output image.

    The file is run by onnxruntime and compared with the network before it takes its place; returns the largest
    difference. `notes` become its metadata. Raises ExportError.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExportError(f"exporting needs {', '.join(missing)}; install it with: pip install {' '.join(NEEDED)}")
    if out.suffix != ".onnx" or os.path.isdir(out):
        raise ExportError(f"{out} cannot be the model; name a file ending in .onnx with --output")
    whole = Whole(generator).eval()
    samples = [_sample(generator, batch, psi) for batch, psi in CHECKED]
    with torch.no_grad():
        expected = [whole(**sample) for sample in samples]  # first: tracing would leave its stand-ins in our caches
    difference = 0.0

    def write(part: Path) -> None:
        nonlocal difference
        _trace(whole, samples[0], part, notes)
        difference = _largest_difference(part, samples, expected)
        if not difference <= TOLERANCE:
            raise ExportError(f"{out}: not written: its pictures differ by {difference:.2g} from the network's own")

    try:
        write_atomically(out, write)
    except OSError as error:
        raise ExportError(f"{out} cannot be written ({error.strerror}); choose another place") from None
    return difference


def notes_of(manifest: dict[str, Any]) -> dict[str, str]:
    """What the model should say of itself: architecture, licence, source."""
    provenance = manifest.get("provenance")
    known = provenance if isinstance(provenance, dict) else {}
    kept = {name: str(known[name]) for name in ("licence", "source", "source_sha256", "data") if name in known}
    return {"architecture": str(manifest["architecture"]), **kept}


def _sample(generator: Any, batch: int, psi: float) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(SEED + batch)
    sample = {"z": torch.randn(batch, generator.z_dim, generator=random), "psi": torch.tensor(psi)}
    if generator.c_dim:
        sample["c"] = torch.eye(generator.c_dim)[torch.arange(batch) % generator.c_dim]
    return sample


def _trace(whole: Whole, sample: dict[str, Tensor], path: Path, notes: dict[str, str]) -> None:
    shapes = {name: {0: "n"} if value.ndim else None for name, value in sample.items()}
    with _quiet():
        program = torch.onnx.export(
            whole, kwargs=sample, input_names=list(sample), output_names=["image"], dynamic_shapes=shapes, verbose=False
        )
    assert program is not None
    program.model.metadata_props.update(notes)
    program.save(path, external_data=False)


def _largest_difference(path: Path, samples: list[dict[str, Tensor]], expected: list[Tensor]) -> float:
    """Between the pictures of the file and `expected`; a number that is not finite counts as any other difference."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = [session.run(None, {name: value.numpy() for name, value in sample.items()})[0] for sample in samples]
    differences = [np.abs(image - own.numpy()).max() for image, own in zip(images, expected, strict=True)]
    return float(np.max(differences))  # which keeps a NaN


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter speaks of its own future, and of libraries that no network here uses."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)

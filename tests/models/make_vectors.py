"""Compute vectors/*.npz with the naive networks: python tests/models/make_vectors.py

Weights are drawn at random and kept as float16, which every precision in use holds exactly; the answers are computed
from them in float64 and kept as float32.
"""

import json
from typing import Any

import naive
import naive_stylegan3
import numpy as np
import torch
from known import VECTORS
from naive import Array

from models import stylegan2, stylegan3
from models.canvas import crop

TINY2: dict[str, Any] = {
    "img_resolution": 16, "z_dim": 5, "w_dim": 6, "channel_base": 64, "channel_max": 7, "mapping_layers": 3,
}  # fmt: skip
TINY3: dict[str, Any] = {
    "img_resolution": 16, "z_dim": 4, "w_dim": 5, "channel_base": 16, "channel_max": 4, "num_layers": 4,
    "num_critical": 1, "margin_size": 4,
}  # fmt: skip
CAMERA = [[0.8, -0.5, 0.2], [0.6, 0.9, -0.1], [0.0, 0.0, 1.0]]
NOISE: dict[str, Any] = {"plain": {}, "noiseless": {"noise_mode": "none"}}
MOVED: dict[str, Any] = {"plain": {}, "moved": {"transform": CAMERA}}

NETWORKS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "stylegan2": (stylegan2, TINY2, NOISE),
    "stylegan2-wide": (
        stylegan2,
        TINY2 | {"c_dim": 3, "conv_clamp": 0.9, "canvas": (20, 30), "img_channels": 1},
        NOISE,
    ),
    "stylegan3-t": (stylegan3, TINY3 | {"c_dim": 3, "conv_clamp": 1.2, "canvas": (20, 33)}, MOVED),
    "stylegan3-r": (stylegan3, TINY3 | {"conv_kernel": 1, "use_radial_filters": True, "img_channels": 1}, MOVED),
}


def random_state(name: str, shape: torch.Size, numbers: np.random.Generator) -> Array:
    """Every tensor random, so that nothing is hidden by a start value."""
    values = numbers.standard_normal(shape)
    if name.startswith("mapping.layers"):
        values *= 100  # its learning rate, and so its weights, are scaled by 0.01
    if name.endswith("magnitude_ema"):
        values = np.abs(values) + 0.1
    if name.endswith("freqs"):
        values *= 0.7  # within the bandwidth, most of them
    return np.asarray(values, dtype=np.float16)


def pictures2(p: dict[str, Array], config: stylegan2.Config, ws: Array, noise_mode: str = "const") -> Array:
    clamp = config.conv_clamp
    images = np.array([naive.synthesis(p, w, 3, noise_mode == "const", clamp) for w in ws])
    return crop(torch.from_numpy(images), config.canvas or images.shape[2:]).numpy()


def pictures3(p: dict[str, Array], config: stylegan3.Config, ws: Array, transform: Any = None) -> Array:
    matrix = None if transform is None else np.array(transform)
    return naive_stylegan3.synthesis(p, config.model_dump(), ws, matrix)[0]


def mapped(p: dict[str, Array], config: Any, z: Array, c: Array, num_ws: int) -> Array:
    labels = c if config.c_dim else [None] * len(z)
    w = [naive.mapping(p, z[i], labels[i], config.mapping_layers) for i in range(len(z))]
    return np.repeat(np.array(w)[:, None], num_ws, axis=1)


def vectors(name: str) -> dict[str, Any]:
    """Everything in vectors/NAME.npz."""
    module, settings, cases = NETWORKS[name]
    numbers = np.random.default_rng(list(NETWORKS).index(name))
    generator = module.Generator(**settings)
    state = {key: random_state(key, value.shape, numbers) for key, value in sorted(generator.state_dict().items())}
    p = {key: value.astype(np.float64) for key, value in state.items()}
    z, c, ws = (
        numbers.standard_normal(shape).astype(np.float32).astype(np.float64)
        for shape in ((2, generator.z_dim), (2, generator.c_dim), (2, generator.num_ws, generator.w_dim))
    )
    w = mapped(p, generator.config, z, c, generator.num_ws)
    cut = w.copy()
    cut[:, :3] = p["mapping.w_avg"] + 0.7 * (w[:, :3] - p["mapping.w_avg"])
    draw = pictures2 if module is stylegan2 else pictures3
    answers = {"z": z, "c": c, "ws": ws, "w_psi1": w, "w_psi07_cutoff3": cut}
    answers |= {f"image.{case}": draw(p, generator.config, ws, **arguments) for case, arguments in cases.items()}
    design = {"architecture": module.ARCHITECTURE, "config": generator.config.model_dump(), "cases": cases}
    return {
        "design": np.array(json.dumps(design)),
        "state": np.concatenate([value.ravel() for value in state.values()]),  # one array: each has a header
        **{key: value.astype(np.float32) for key, value in answers.items()},
    }


if __name__ == "__main__":
    VECTORS.mkdir(exist_ok=True)
    for network in NETWORKS:
        np.savez_compressed(VECTORS / f"{network}.npz", **vectors(network))

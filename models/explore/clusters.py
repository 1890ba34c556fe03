"""Channels of a layer that draw alike, found by what they answer to a few pictures."""

from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from models.seeds import seed_z

PROBES = 6
POOLED = 8
ROUNDS = 50

Floats = NDArray[np.float64]


class _Seen(Exception):
    """The layer has answered; the layers after it need not."""


def channel_clusters(network: Any, layer: str, clusters: int, seed: int = 0) -> tuple[tuple[int, ...], ...]:
    """The channels of a layer in at most `clusters` groups, each sorted, the largest group first.

    K-means over the channels' activation maps on a few pictures, each map freed of its mean and scale: channels are
    alike that light up in the same places. The same network and seed give the same groups. Raises ValueError for a
    layer that is not there or fewer than one group.
    """
    names, paths = network.synthesis.layer_names, network.synthesis.layer_paths
    if layer not in names:
        raise ValueError(f"there is no layer {layer}; this network has {', '.join(names)}")
    if clusters < 1:
        raise ValueError(f"channels cannot go into {clusters} groups; ask for 1 or more")
    module = network.synthesis.get_submodule(paths[names.index(layer)])
    points = _answers(network, module, seed)
    nearest = _k_means(points, min(clusters, len(points)), np.random.default_rng(seed))
    groups = [tuple(int(i) for i in np.flatnonzero(nearest == k)) for k in range(clusters)]
    return tuple(sorted(filter(None, groups), key=lambda group: (-len(group), group)))


def _answers(network: Any, module: nn.Module, seed: int) -> Floats:
    """What each channel of a layer answers to the probes: [C, PROBES * cells], each row of mean 0 and length 1."""
    seen: list[Tensor] = []

    def take(layer: nn.Module, given: Any, answer: Tensor) -> None:
        seen.append(_pooled(answer))
        raise _Seen

    hook = module.register_forward_hook(take)
    label = torch.eye(network.c_dim)[:1].to(network.mapping.w_avg) if network.c_dim else None
    try:
        with torch.inference_mode():
            for probe in range(PROBES):
                z = torch.from_numpy(seed_z(seed + probe, network.z_dim))[None].to(network.mapping.w_avg)
                with suppress(_Seen):
                    network.synthesis(network.mapping(z, label))
    finally:
        hook.remove()
    points: Floats = torch.cat(seen, dim=1).double().cpu().numpy()
    points -= points.mean(axis=1, keepdims=True)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    return points


def _pooled(features: Tensor) -> Tensor:
    """[1, C, H, W] -> [C, cells], POOLED cells along a side at most."""
    height, width = features.shape[2:]
    return F.adaptive_avg_pool2d(features[0].float(), (min(height, POOLED), min(width, POOLED))).flatten(1)


def _k_means(points: Floats, count: int, random: np.random.Generator) -> NDArray[np.intp]:
    """The cluster of each point [C, D]: Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii 2007)."""
    centres = _spread(points, count, random)
    nearest = np.full(len(points), -1)
    for _ in range(ROUNDS):
        before, nearest = nearest, _distances(points, centres).argmin(axis=1)
        if (nearest == before).all():
            break
        for k in range(len(centres)):
            if (nearest == k).any():
                centres[k] = points[nearest == k].mean(axis=0)
    return nearest


def _spread(points: Floats, count: int, random: np.random.Generator) -> Floats:
    """Starting centres: each next one drawn in proportion to the squared distance from those there are."""
    chosen = [int(random.integers(len(points)))]
    while len(chosen) < count:
        weight = _distances(points, points[chosen]).min(axis=1)
        if weight.sum() <= 0:  # fewer different points than centres asked for
            break
        chosen.append(int(random.choice(len(points), p=weight / weight.sum())))
    return points[chosen].copy()


def _distances(points: Floats, centres: Floats) -> Floats:
    """Squared distances [C, K]."""
    between: Floats = np.square(points[:, None] - centres[None]).sum(axis=2)
    return between

"""The training of the published StyleGAN2, from a checkout that the user names, as it is, to measure.

Nothing of it is contained here: networks and loss are imported from that folder, and driven with the settings and in
the order that its own programs choose for StyleGAN2 (`--cfg=stylegan2 --aug=noaug`).
"""

import copy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.benchmark import official
from models.benchmark.game import W_DIM, Z_DIM, Entry, parameters, reals
from models.training.config import STD_GROUP
from models.training.players import adam

NETWORKS, LOSS = "training.networks_stylegan2", "training.loss"
FILES = tuple(f"{name.replace('.', '/')}.py" for name in (NETWORKS, LOSS))
LEARNING_RATE = 0.0025
PATHS, R1 = 4, 16  # iterations between two penalties
EMA_KIMG = 10 / 32  # half-life of the moving average, for each picture of the batch
EMA_RAMP = 0.05
LARGEST = 1e5  # what an infinite gradient becomes


@dataclass(frozen=True)
class Phase:
    """One term of one player's loss, which has a step of its own."""

    name: str
    player: nn.Module
    optimiser: torch.optim.Optimizer
    interval: int


class PublishedGame:
    """float32 on a CPU; on a GPU float16 where the published networks choose it."""

    def __init__(self, entry: Entry, checkout: Path) -> None:
        official.make_importable(checkout)
        torch.set_num_threads(entry.threads)
        torch.backends.cudnn.benchmark = True
        torch.manual_seed(0)
        self._batch = entry.size.batch
        self._generator, discriminator = _networks(entry)
        self._phases = _phases(self._generator, discriminator)
        self._ema = copy.deepcopy(self._generator).eval()
        self._loss = import_module(LOSS).StyleGAN2Loss(
            torch.device(entry.device), self._generator, discriminator, r1_gamma=entry.size.gamma,
            style_mixing_prob=0.9, pl_weight=2, pl_no_weight_grad=True,
        )  # fmt: skip
        self._reals = reals(self._batch, entry.size.resolution, entry.device)
        self._c = torch.zeros(self._batch, 0, device=entry.device)
        self.facts: dict[str, Any] = {
            "precision": "float16 and float32" if self._reals.is_cuda else "float32",
            "parameters": [parameters(self._generator), parameters(discriminator)],
            "penalty_interval": R1,
            "path_interval": PATHS,
        }

    def iterate(self, iteration: int) -> None:
        shown = iteration * self._batch
        for phase in self._phases:
            if iteration % phase.interval == 0:
                self._play(phase, shown)
        self._average(shown)

    def _play(self, phase: Phase, shown: int) -> None:
        phase.optimiser.zero_grad(set_to_none=True)
        phase.player.requires_grad_(True)
        self._loss.accumulate_gradients(
            phase=phase.name, real_img=self._reals, real_c=self._c, gen_z=self._latents(), gen_c=self._c,
            gain=phase.interval, cur_nimg=shown,
        )  # fmt: skip
        phase.player.requires_grad_(False)
        _make_finite(phase.player)
        phase.optimiser.step()

    def _latents(self) -> torch.Tensor:
        return torch.randn(self._batch, Z_DIM, device=self._reals.device)

    def _average(self, shown: int) -> None:
        half_life = min(self._batch * EMA_KIMG * 1000, shown * EMA_RAMP)
        kept = 0.5 ** (self._batch / max(half_life, 1e-8))
        for average, parameter in zip(self._ema.parameters(), self._generator.parameters(), strict=True):
            average.copy_(parameter.lerp(average, kept))
        for average, buffer in zip(self._ema.buffers(), self._generator.buffers(), strict=True):
            average.copy_(buffer)


def _networks(entry: Entry) -> tuple[Any, Any]:
    """Generator and discriminator."""
    module = import_module(NETWORKS)
    size = entry.size
    shared = {"c_dim": 0, "img_resolution": size.resolution, "img_channels": 3} | {
        "channel_base": size.channel_base, "channel_max": size.channel_max,
    }  # fmt: skip
    generator = module.Generator(
        z_dim=Z_DIM, w_dim=W_DIM, mapping_kwargs={"num_layers": 8}, fused_modconv_default="inference_only", **shared
    )  # fmt: skip
    discriminator = module.Discriminator(epilogue_kwargs={"mbstd_group_size": STD_GROUP}, **shared)
    return generator.train().to(entry.device), discriminator.train().to(entry.device)


def _phases(generator: nn.Module, discriminator: nn.Module) -> list[Phase]:
    """In their order; both players' parameters are fixed outside of their phases."""
    of_g, of_d = adam(generator, LEARNING_RATE, PATHS), adam(discriminator, LEARNING_RATE, R1)
    generator.requires_grad_(False)
    discriminator.requires_grad_(False)
    return [
        Phase("Gmain", generator, of_g, 1),
        Phase("Greg", generator, of_g, PATHS),
        Phase("Dmain", discriminator, of_d, 1),
        Phase("Dreg", discriminator, of_d, R1),
    ]


def _make_finite(player: nn.Module) -> None:
    """Replace what is not finite in its gradients, which are one vector meanwhile, as between several GPUs."""
    learning = [parameter for parameter in player.parameters() if parameter.grad is not None]
    if not learning:
        return
    flat = torch.cat([parameter.grad.flatten() for parameter in learning if parameter.grad is not None])
    torch.nan_to_num(flat, nan=0.0, posinf=LARGEST, neginf=-LARGEST, out=flat)
    for parameter, own in zip(learning, torch.split(flat, [parameter.numel() for parameter in learning]), strict=True):
        parameter.grad = own.view_as(parameter)

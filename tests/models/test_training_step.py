"""One step of both players against the same step written out naively: losses, penalties, parts, mixing, Adam."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.stylegan2 import Generator
from models.training import TrainConfig
from models.training.discrimination import Batch, Turn
from models.training.networks import Networks, fresh
from models.training.players import Players
from models.training.presets import settle
from models.training.randomness import Purpose, generator
from models.training.recipe import Recipe

NETS = TrainConfig(Path(), Path(), resolution=16, z_dim=8, w_dim=8, channel_base=128, channel_max=16)
GAMMA, PATH_MEAN, PATH_WEIGHT = 3.0, 0.7, 2.0


def recipe(**changes: Any) -> Recipe:
    settled = settle(replace(NETS, batch=8, part=8, augment="none", dtype="float32", preset="many"), 100, 16, {})
    return replace(settled, gamma=GAMMA, style_mixing=0.0, **changes)


@contextmanager
def players(how: Recipe, networks: Networks) -> Iterator[Players]:
    made = Players(how, copy.deepcopy(networks), threads=1)
    made.path_mean = PATH_MEAN
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def networks() -> Networks:
    torch.manual_seed(0)
    return fresh(NETS)


@pytest.fixture(scope="module")
def reals() -> Tensor:
    return torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(5)) * 2 - 1


def gradients(network: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


def played(how: Recipe, networks: Networks, reals: Tensor, turn: Turn) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The gradients that reached Adam, of generator and discriminator."""
    with players(how, networks) as both:
        both.play(lambda part: Batch(reals[part * how.part :][: how.part]), turn)
        return gradients(both.generator), gradients(both.discriminator)


def naive(how: Recipe, networks: Networks, reals: Tensor, turn: Turn) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The same, each player on its own, from the papers' formulas; summed over parts, as a mean."""
    g, d = copy.deepcopy(networks.generator), copy.deepcopy(networks.discriminator)
    of_d: dict[str, Tensor] = {}
    for part in range(how.batch // how.part):
        real = reals[part * how.part :][: how.part]
        ws = styles(g, how.part, part, turn, Purpose.LATENT)
        fake = g.synthesis(ws, noise_mode="none")
        (loss_for_g(how, d(real).detach(), d(fake)) * how.part / how.batch).backward()
        if how.loss == "stylegan2" and turn.iteration % how.path_interval == 0:
            (how.path_interval * path_lengths(g, how.part // 2, part, turn) * how.part / how.batch).backward()
        d.zero_grad()  # of what the generator's loss left there
        (loss_for_d(how, d, real, fake.detach(), turn) * how.part / how.batch).backward()
        of_d = {name: of_d.get(name, 0.0) + gradient for name, gradient in gradients(d).items()}
        d.zero_grad()
    return gradients(g), of_d


def styles(g: Generator, count: int, part: int, turn: Turn, purpose: Purpose) -> Tensor:
    z = torch.randn(2 * count, g.z_dim, generator=generator(0, turn.iteration, part, purpose))[:count]
    return g.mapping.map_w(z)[:, None].repeat(1, g.num_ws, 1)


def loss_for_g(how: Recipe, real: Tensor, fake: Tensor) -> Tensor:
    distance = fake - real if how.loss == "relativistic" else fake
    return (1 + (-distance).exp()).log().mean()


def loss_for_d(how: Recipe, d: nn.Module, real: Tensor, fake: Tensor, turn: Turn) -> Tensor:
    if how.loss == "relativistic":
        loss = (1 + (d(fake) - d(real)).exp()).log().mean()
    else:
        loss = (1 + (-d(real)).exp()).log().mean() + (1 + d(fake).exp()).log().mean()
    if turn.iteration % how.penalty_interval:
        return loss
    penalised = (real, fake) if how.loss == "relativistic" else (real,)
    return loss + how.penalty_interval * sum(GAMMA / 2 * squared_slope(d, images) for images in penalised)


def squared_slope(d: nn.Module, images: Tensor) -> Tensor:
    images = images.clone().requires_grad_()
    (slope,) = torch.autograd.grad(d(images).sum(), images, create_graph=True)
    return torch.stack([(one * one).sum() for one in slope]).mean()


def path_lengths(g: Generator, count: int, part: int, turn: Turn) -> Tensor:
    """The weighted penalty: (|J^T y| - a)^2, a moved a hundredth of the way to this iteration's mean before."""
    ws = styles(g, count, part, turn, Purpose.PATH_LATENT)
    images = g.synthesis(ws, noise_mode="none")
    y = torch.randn(images.shape, generator=generator(0, turn.iteration, part, Purpose.PATH_DIRECTION))
    (jacobian,) = torch.autograd.grad((images * y / math.sqrt(16 * 16)).sum(), ws, create_graph=True)
    lengths = torch.stack([(one.square().sum() / len(one)).sqrt() for one in jacobian])
    mean = 0.99 * PATH_MEAN + 0.01 * lengths.mean().detach()
    return PATH_WEIGHT * (lengths - mean).square().mean()


@pytest.mark.parametrize("part", [8, 4])
@pytest.mark.parametrize("iteration", [0, 1])
@pytest.mark.parametrize("loss", ["relativistic", "stylegan2"])
def test_a_step_is_what_the_papers_say(networks: Networks, reals: Tensor, loss: Any, iteration: int, part: int) -> None:
    """At iteration 0 every penalty is due, at 1 none; in one part and in two."""
    how = recipe(loss=loss, part=part, path_weight=PATH_WEIGHT if loss == "stylegan2" else 0.0)
    turn = Turn(iteration)
    for ours, expected in zip(played(how, networks, reals, turn), naive(how, networks, reals, turn), strict=True):
        assert sum(bool(gradient.abs().max() > 1e-6) for gradient in expected.values()) > 10
        for name, gradient in expected.items():
            size = gradient.abs().max().item()
            torch.testing.assert_close(ours[name], gradient, rtol=1e-3, atol=1e-5 + 1e-4 * size, msg=name)


def test_penalties_weigh_something(networks: Networks, reals: Tensor) -> None:
    """Else the test above could not tell."""
    how = recipe(loss="stylegan2", path_weight=PATH_WEIGHT)
    due, not_due = (naive(how, networks, reals, Turn(iteration)) for iteration in (0, 1))
    for with_it, without in zip(due, not_due, strict=True):
        largest = max((with_it[name] - without[name]).abs().max().item() for name in without)
        assert largest > 0.01


@pytest.mark.parametrize(("interval", "share"), [(16, 16 / 17), (8, 8 / 9)])
def test_adam_is_corrected_for_lazy_penalties(networks: Networks, interval: int, share: float) -> None:
    """Karras et al. 2020, appendix B: learning rate and betas as if the penalty were a further step."""
    how = recipe(penalty_interval=interval, path_weight=0.0)
    with players(how, networks) as both:
        (of_d,), (of_g,) = both.optimiser_d.param_groups, both.optimiser_g.param_groups
    assert of_d["lr"] == pytest.approx(how.learning_rate * share)
    assert of_d["betas"] == pytest.approx((0.0, 0.99**share))
    assert (of_g["lr"], of_g["betas"]) == (how.learning_rate, (0.0, 0.99))  # no penalty of its own here


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_styles_are_mixed_as_often_as_asked_for(networks: Networks, share: float) -> None:
    with players(replace(recipe(), style_mixing=share), networks) as both:
        draw = Turn(3).draws(0, 0)
        _, ws = both._fakes(200, None, draw, Purpose.LATENT, Purpose.MIXING, Purpose.NOISE)
    first = (ws == ws[:, :1]).all(dim=2)  # [200, num_ws]: whether a layer has the first layer's w
    mixed = ~first.all(dim=1)
    assert mixed.float().mean().item() == pytest.approx(share, abs=0.1)
    assert bool((first.long().diff(dim=1) <= 0).all()), "from a crossover on, to the end"
    assert share == 0 or len(set(first.sum(dim=1).tolist())) > 3, "crossovers differ"


def test_the_discriminator_sees_reals_and_fakes_augmented(networks: Networks, reals: Tensor) -> None:
    seen: list[tuple[Tensor, float]] = []

    def darken(images: Tensor, p: float, draw: torch.Generator) -> Tensor:
        seen.append((images, p))
        return images * 0

    judged: list[Tensor] = []
    with players(recipe(), networks) as both:
        both.discrimination._augment = darken  # type: ignore[attr-defined]
        both.discriminator.register_forward_pre_hook(lambda _, inputs: judged.append(inputs[0]))
        both.play(lambda part: Batch(reals), Turn(0, p=0.25))
    (of_reals, p), (of_fakes, q) = seen
    assert (p, q) == (0.25, 0.25)
    assert torch.equal(of_reals, reals)
    assert of_fakes.shape == reals.shape
    assert not torch.equal(of_fakes, reals)
    assert of_fakes.requires_grad, "the generator learns through the augmentation"
    assert len(judged) >= 4  # both, and both again for the penalty
    assert all(not bool(images.any()) for images in judged)

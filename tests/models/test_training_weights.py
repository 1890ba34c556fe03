"""What a step leaves behind: weights as Adam moves them, running means, the moving average."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from models.stylegan2 import Generator
from models.training.discrimination import Batch, Turn
from models.training.players import Players, Step
from models.training.randomness import Purpose, generator
from tests.models.tiny import tiny_players

LR = 0.01
PATH_MEAN = 0.7
PLAYED = {"style_mixing": 0.0, "augment": "none", "learning_rate": LR, "part": 4}


def reals(part: int) -> Batch:
    return Batch(torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(part)) * 2 - 1)


class Adam:
    """Kingma and Ba 2015 with a first beta of 0, in float64."""

    def __init__(self, network: nn.Module, share: float) -> None:
        """`share`: what lazy regularisation leaves of learning rate and memory (Karras et al. 2020, appendix B)."""
        self.learning_rate, self.beta = LR * share, 0.99**share
        self.weights = {name: p.detach().double() for name, p in network.named_parameters()}
        self.squares = {name: torch.zeros_like(weight) for name, weight in self.weights.items()}
        self.steps = 0

    def step(self, network: nn.Module, warmth: float = 1.0) -> None:
        """Along the gradients that are in the network."""
        self.steps += 1
        for name, parameter in network.named_parameters():
            if parameter.grad is not None:
                gradient = parameter.grad.double()
                self.squares[name] = self.beta * self.squares[name] + (1 - self.beta) * gradient**2
                size = (self.squares[name] / (1 - self.beta**self.steps)).sqrt() + 1e-8
                self.weights[name] = self.weights[name] - warmth * self.learning_rate * gradient / size

    def check(self, network: nn.Module) -> None:
        """That its weights are these; some are in the hundreds, where float32 rounds by 1e-5."""
        for name, parameter in network.named_parameters():
            wanted = self.weights[name]
            torch.testing.assert_close(parameter.detach().double(), wanted, atol=LR / 1000, rtol=3e-7, msg=name)


@pytest.mark.parametrize(
    ("loss", "of_g", "of_d"),
    [("relativistic", 1.0, 8 / 9), ("stylegan2", 4 / 5, 16 / 17), ("non-saturating", 1.0, 16 / 17)],
)
def test_weights_move_as_adam_says(loss: str, of_g: float, of_d: float) -> None:
    """Three steps, the second with half of the generator's learning rate."""
    with tiny_players(loss=loss, **PLAYED) as players:
        g, d = Adam(players.generator, of_g), Adam(players.discriminator, of_d)
        for iteration, warmth in enumerate((1.0, 0.5, 1.0)):
            players.play(reals, Turn(iteration, warmth=warmth))
            g.step(players.generator, warmth)
            d.step(players.discriminator)
            g.check(players.generator)
            d.check(players.discriminator)
        for optimiser, share in ((players.optimiser_g, of_g), (players.optimiser_d, of_d)):
            assert optimiser.param_groups[0]["betas"] == pytest.approx((0.0, 0.99**share))


def before_and_after(players: Players, iteration: int) -> tuple[Generator, nn.Module, Step]:
    """Both networks as they were before a step, and what that told."""
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    return g, d, players.play(reals, Turn(iteration))


def latents(g: Generator, count: int, iteration: int, part: int, purpose: Purpose) -> Tensor:
    """w [count, w_dim] of the fakes of a part; as many further z are drawn for mixing."""
    z = torch.randn(2 * count, g.z_dim, generator=generator(0, iteration, part, purpose))[:count]
    return g.mapping.map_w(z)


def of_parts(measure: Callable[[int], Tensor]) -> float:
    return torch.stack([measure(part) for part in range(2)]).mean().item()


@pytest.mark.parametrize("iteration", [4, 5])
def test_the_mean_path_length_moves_where_one_is_measured(iteration: int) -> None:
    """Every fourth iteration, a hundredth of the way to the mean length of two parts' two fakes."""
    with tiny_players(loss="stylegan2", **PLAYED) as players:
        players.path_mean = PATH_MEAN
        g, _, step = before_and_after(players, iteration)
        path_mean = players.path_mean

    def lengths(part: int) -> Tensor:
        ws = latents(g, 2, iteration, part, Purpose.PATH_LATENT)[:, None].repeat(1, g.num_ws, 1)
        images = g.synthesis(ws, noise_mode="none")
        y = torch.randn(images.shape, generator=generator(0, iteration, part, Purpose.PATH_DIRECTION))
        (slope,) = torch.autograd.grad((images * y).sum() / math.sqrt(16 * 16), ws)
        return (slope.square().sum(dim=(1, 2)) / g.num_ws).sqrt()

    if iteration % 4:
        assert (step.path_length, path_mean) == (None, PATH_MEAN)
    else:
        assert step.path_length == pytest.approx(of_parts(lengths), rel=1e-4)
        assert path_mean == pytest.approx(0.99 * PATH_MEAN + 0.01 * of_parts(lengths), rel=1e-5)


@pytest.mark.parametrize("loss", ["relativistic", "non-saturating"])
def test_what_a_step_tells(loss: str) -> None:
    """Means over both parts; at iteration 0 the penalty is due."""
    with tiny_players(loss=loss, **PLAYED) as players:
        g, d, step = before_and_after(players, 0)

    def judged(part: int) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of reals and fakes, and the squared slopes of what the game penalises."""
        ws = latents(g, 4, 0, part, Purpose.LATENT)[:, None].repeat(1, g.num_ws, 1)
        shown = [reals(part).images.requires_grad_(), g.synthesis(ws, noise_mode="none").detach().requires_grad_()]
        real, fake = (d(images) for images in shown)
        slopes = torch.autograd.grad(real.sum() + fake.sum(), shown)
        of_real, of_fake = (slope.square().sum(dim=(1, 2, 3)) for slope in slopes)
        return real.detach(), fake.detach(), of_real + of_fake if loss == "relativistic" else of_real

    assert step.real == pytest.approx(of_parts(lambda part: judged(part)[0]), rel=1e-4, abs=1e-5)
    assert step.fake == pytest.approx(of_parts(lambda part: judged(part)[1]), rel=1e-4, abs=1e-5)
    assert step.penalty == pytest.approx(of_parts(lambda part: judged(part)[2]), rel=1e-4)


def test_the_mean_w_moves_towards_that_of_the_fakes() -> None:
    """By 0.002, as published."""
    with tiny_players(**PLAYED) as players:
        players.generator.mapping.w_avg.fill_(3.0)
        g, _, _ = before_and_after(players, 0)
        found = players.generator.mapping.w_avg
    of_fakes = torch.cat([latents(g, 4, 0, part, Purpose.LATENT) for part in range(2)]).mean(dim=0)
    torch.testing.assert_close(found, 0.998 * torch.full((8,), 3.0) + 0.002 * of_fakes.detach())


@pytest.mark.parametrize(
    ("ramp", "shown", "half_life"),
    [
        (0.05, 400, 20.0),  # pictures: a twentieth of what was shown
        (0.05, 8_000, 400.0),
        (0.05, 20_000, 1000.0),  # as asked for, from here on
        (0.05, 1_000_000, 1000.0),
        (0.5, 400, 200.0),
        (0.0, 400, 1000.0),
    ],
)
def test_the_average_has_half_forgotten_after_its_half_life(ramp: float, shown: int, half_life: float) -> None:
    with tiny_players(ema_kimg=1.0, ema_ramp=ramp) as players:
        kept, new = players.ema.synthesis.blocks[0].const, players.generator.synthesis.blocks[0].const
        nn.init.zeros_(kept)
        nn.init.ones_(new)
        players.generator.mapping.w_avg.fill_(3.0)
        players.average(shown)  # 8 pictures a batch
    torch.testing.assert_close(kept.detach(), torch.full_like(kept, 1 - 2 ** (-8 / half_life)))
    assert torch.equal(players.ema.mapping.w_avg, torch.full((8,), 3.0)), "buffers are not averaged"

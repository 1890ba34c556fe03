"""Losses: their signs; both regularisations against finite differences and the published numbers."""

import math

import pytest
import torch
from known import largest, needs_reference, published, reference, tensor
from torch import Tensor, nn

from models.training.losses import LOSSES
from models.training.regularisation import gradient_penalty, moved_mean, path_lengths, path_penalty


@pytest.mark.parametrize("name", LOSSES)
def test_each_player_wants_its_own_way(name: str) -> None:
    loss = LOSSES[name]()
    real = torch.tensor([0.3, -0.2], requires_grad=True)
    fake = torch.tensor([0.1, 0.4], requires_grad=True)
    of_real, of_fake = torch.autograd.grad(loss.discriminator(real, fake), [real, fake])
    (of_generator,) = torch.autograd.grad(loss.generator(real.detach(), fake), fake)
    assert bool((of_real < 0).all()), "the discriminator must raise the logits of reals"
    assert bool((of_fake > 0).all()), "the discriminator must lower the logits of fakes"
    assert bool((of_generator < 0).all()), "the generator must raise the logits of fakes"


def test_losses_of_undecided_logits() -> None:
    zero = torch.zeros(4)
    assert LOSSES["relativistic"]().discriminator(zero, zero).item() == pytest.approx(math.log(2))
    assert LOSSES["non-saturating"]().discriminator(zero, zero).item() == pytest.approx(2 * math.log(2))


def test_a_hinge_asks_for_a_margin_and_no_more() -> None:
    hinge = LOSSES["hinge"]()
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.5])
    assert hinge.discriminator(real, fake).item() == pytest.approx((0 + 0.5) / 2 + (0 + 1.5) / 2)
    assert hinge.generator(real, fake).item() == pytest.approx(1.25)
    assert hinge.confidence(real, fake).item() == 1


def test_relativistic_loss_sees_only_the_difference() -> None:
    loss = LOSSES["relativistic"]()
    real, fake = torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss.discriminator(real + 5, fake + 5), loss.discriminator(real, fake))


class Curved(nn.Module):
    """A small smooth critic [N, 1, 2, 2] -> [N] in float64."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = nn.Parameter(torch.randn(5, 4, generator=generator, dtype=torch.float64))
        self.second = nn.Parameter(torch.randn(5, generator=generator, dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        return torch.tanh(images.flatten(1) @ self.first.t()) @ self.second  # [N, 4] -> [N, 5] -> [N]


def penalty_by_differences(critic: nn.Module, images: Tensor, step: float = 1e-5) -> float:
    """Mean squared norm of the critic's gradient, by central differences over every pixel."""
    total = 0.0
    for i in range(images.shape[0]):
        for j in range(images[i].numel()):
            nudge = torch.zeros_like(images[i]).flatten()
            nudge[j] = step
            nudge = nudge.view_as(images[i])
            slope = (critic((images[i] + nudge)[None]) - critic((images[i] - nudge)[None])) / (2 * step)
            total += slope.item() ** 2
    return total / images.shape[0]


def test_penalty_and_its_gradient_equal_finite_differences() -> None:
    critic = Curved()
    images = torch.randn(3, 1, 2, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    penalty = gradient_penalty(critic, images)
    assert penalty.item() == pytest.approx(penalty_by_differences(critic, images), rel=1e-6)

    (gradient,) = torch.autograd.grad(penalty, critic.first)
    step = 1e-5
    with torch.no_grad():
        critic.first[2, 1] += step
        above = penalty_by_differences(critic, images)
        critic.first[2, 1] -= 2 * step
        below = penalty_by_differences(critic, images)
    assert gradient[2, 1].item() == pytest.approx((above - below) / (2 * step), rel=1e-4)


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32", "sg2_64_c4"])
def test_regularisation_of_the_published_networks(name: str) -> None:
    """R1 and path lengths as training takes them, within 1e-4 of what the published code gives."""
    v = reference(f"{name}_D")
    labels = {key: tensor(v[key]) if v[key].shape[1] else None for key in ("c", "gmain_c")}
    images = tensor(v["images"])
    penalty = gradient_penalty(published(name, "D"), images, labels["c"])
    assert penalty.item() == pytest.approx(v["r1_penalty"].mean(), rel=1e-4)

    generator = published(name, "G_ema").requires_grad_()
    ws = generator.mapping(tensor(v["gmain_z"]), labels["gmain_c"])
    lengths = path_lengths(generator.synthesis(ws), ws, tensor(v["pl_unit_noise"]))
    assert largest(lengths, v["pl_lengths"]) <= 1e-4 * v["pl_lengths"].max()
    assert moved_mean(0.0, lengths.mean()).item() == pytest.approx(float(v["pl_mean_after_from_zero"]), rel=1e-4)
    wanted = ((v["pl_lengths"] - v["pl_mean_after_from_zero"]) ** 2).mean()
    assert path_penalty(lengths, 0.0).item() == pytest.approx(wanted, rel=1e-3)


def test_path_lengths_of_a_linear_generator() -> None:
    """Of images = scale * w, summed over layers, the length is scale * |direction| / sqrt(pixels), whatever w is."""
    ws = torch.randn(2, 3, 16, requires_grad=True)
    images = 5.0 * ws.mean(dim=1).view(2, 1, 4, 4)
    direction = torch.randn(2, 1, 4, 4)
    expected = 5.0 / 3 * direction.flatten(1).norm(dim=1) / 4
    torch.testing.assert_close(path_lengths(images, ws, direction), expected)


def test_path_penalty_heeds_the_mean_so_far() -> None:
    lengths = torch.tensor([1.0, 3.0])
    assert path_penalty(lengths, 2.0).item() == pytest.approx(1.0)
    assert path_penalty(lengths, 0.0).item() == pytest.approx(((1 - 0.02) ** 2 + (3 - 0.02) ** 2) / 2)

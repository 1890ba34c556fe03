"""Losses against numbers worked out by hand, and against the published code's losses and their gradients."""

import math

import numpy as np
import pytest
import torch
from known import needs_reference, published, reference, tensor
from numpy.typing import NDArray
from torch import Tensor, nn

from models.training.losses import LOSSES, Loss, NonSaturating, Relativistic
from models.training.regularisation import gradient_penalty

LOGITS = ([2.0, 0.0, -1.0], [1.0, 0.5, 3.0])  # of reals, of fakes
BOUND = 1e-4


def mean(*values: float) -> float:
    return math.fsum(values) / len(values)


def logits() -> tuple[Tensor, Tensor]:
    real, fake = (torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in LOGITS)
    return real, fake


def test_relativistic_by_hand() -> None:
    """ln(1 + e^x) of x = fake - real = -1, 0.5, 4 for the discriminator; of 1, -0.5, -4 for the generator."""
    real, fake = logits()
    of_d = mean(0.3132616875182228, 0.9740769841801067, 4.0181499279178097)
    of_g = mean(1.3132616875182228, 0.4740769841801067, 0.0181499279178097)
    assert Relativistic().discriminator(real, fake).item() == pytest.approx(of_d, rel=1e-12)
    assert Relativistic().generator(real, fake).item() == pytest.approx(of_g, rel=1e-12)


def test_slopes_of_relativistic_by_hand() -> None:
    """A third of 1 / (1 + e^-x), of the same x."""
    real, fake = logits()
    up_d = torch.tensor([0.2689414213699951, 0.6224593312018546, 0.9820137900379085], dtype=torch.float64) / 3
    up_g = torch.tensor([0.7310585786300049, 0.3775406687981454, 0.0179862099620915], dtype=torch.float64) / 3
    of_real, of_fake = torch.autograd.grad(Relativistic().discriminator(real, fake), [real, fake])
    torch.testing.assert_close((of_real, of_fake), (-up_d, up_d))
    (of_fake,) = torch.autograd.grad(Relativistic().generator(real, fake), fake)
    torch.testing.assert_close(of_fake, -up_g)


def test_non_saturating_by_hand() -> None:
    """ln(1 + e^x) of -2, 0, 1 (reals) and of 1, 0.5, 3 (fakes); of -1, -0.5, -3 for the generator."""
    real, fake = logits()
    reals = mean(0.1269280110429725, 0.6931471805599453, 1.3132616875182228)
    fakes = mean(1.3132616875182228, 0.9740769841801067, 3.0485873515737421)
    of_g = mean(0.3132616875182228, 0.4740769841801067, 0.0485873515737421)
    assert NonSaturating().discriminator(real, fake).item() == pytest.approx(reals + fakes, rel=1e-12)
    assert NonSaturating().generator(real, fake).item() == pytest.approx(of_g, rel=1e-12)


def test_which_game_is_which() -> None:
    """Huang et al. 2024 penalise reals and fakes, Mescheder et al. 2018 and Karras et al. 2020 the reals alone."""
    assert {name: loss.penalise_fakes for name, loss in LOSSES.items()} == {
        "relativistic": True, "stylegan2": False, "non-saturating": False, "hinge": False,
    }  # fmt: skip


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32_D", "sg2_64_c4_D"])
def test_losses_of_published_logits(name: str) -> None:
    v = reference(name)
    found, ours = tensor(v["logits"][:, 0]), NonSaturating()
    of_reals, of_fakes = v["softplus_neg"].mean(), v["softplus_pos"].mean()
    assert ours.discriminator(found, found).item() == pytest.approx(of_reals + of_fakes, rel=1e-6)
    assert ours.generator(found, found).item() == pytest.approx(of_reals, rel=1e-6)
    certain = torch.full_like(found, 50.0)  # softplus of -50 is nought
    assert ours.discriminator(certain, found).item() == pytest.approx(of_fakes, rel=1e-6)
    assert ours.discriminator(found, -certain).item() == pytest.approx(of_reals, rel=1e-6)


def norms(loss: Tensor, network: nn.Module) -> NDArray[np.float64]:
    """Of the gradient of each parameter, the smallest first, whatever the parameters are called."""
    gradients = torch.autograd.grad(loss, list(network.parameters()), materialize_grads=True)
    return np.sort([gradient.double().norm().item() for gradient in gradients])


def apart(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Largest difference, in lengths of the whole gradient."""
    assert found.shape == expected.shape
    return float(np.abs(found - np.sort(expected)).max() / np.linalg.norm(expected))


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32", "sg2_64_c4"])
def test_gradients_that_the_published_discriminator_gets(name: str) -> None:
    """Of the loss of reals, and of R1 with the weight that gamma / 2 is for a gamma of 1."""
    v, d = reference(f"{name}_D"), published(name, "D").requires_grad_()
    images, c = tensor(v["images"]), classes(v["c"])
    found = d(images, c)
    of_reals = NonSaturating().discriminator(found, torch.full_like(found, -50.0))
    assert apart(norms(of_reals, d), v["dreal_param_grad_norms"]) <= BOUND
    assert apart(norms(0.5 * gradient_penalty(d, images, c), d), v["r1_param_grad_norms"]) <= BOUND


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32", "sg2_64_c4"])
def test_gradients_that_the_published_generator_gets(name: str) -> None:
    v = reference(f"{name}_D")
    g, d, c = published(name, "G_ema").requires_grad_(), published(name, "D"), classes(v["gmain_c"])
    fake = d(g(tensor(v["gmain_z"]), c), c)
    ours: Loss = NonSaturating()
    loss = ours.generator(torch.zeros_like(fake), fake)
    assert loss.item() == pytest.approx(v["gmain_loss_per_sample"].mean(), rel=1e-5)
    assert apart(norms(loss, g), v["gmain_param_grad_norms"]) <= BOUND


def classes(c: NDArray[np.float32]) -> Tensor | None:
    return tensor(c) if c.shape[1] else None

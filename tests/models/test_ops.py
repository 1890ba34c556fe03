"""The FIR filter beside a convolution: apart or folded into it, the same numbers and the same derivatives."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from models import ops

RESAMPLERS: dict[str, tuple[Callable[..., Tensor], tuple[int, ...]]] = {
    "up": (ops.conv_up, (3, 2, 3, 3)),
    "down": (ops.conv_down, (3, 2, 3, 3)),
    "down, 1x1": (ops.conv_down, (3, 2, 1, 1)),
}


@pytest.mark.parametrize("name", RESAMPLERS)
def test_apart_is_folded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resample, shape = RESAMPLERS[name]
    torch.manual_seed(0)
    x, weight = torch.randn(2, 2, 8, 12), torch.randn(shape)
    apart = resample(x, weight)
    monkeypatch.setattr(ops, "_folds", lambda x, weight: True)
    torch.testing.assert_close(apart, resample(x, weight), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", RESAMPLERS)
def test_wide_networks_in_bfloat16(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resample, shape = RESAMPLERS[name]
    torch.manual_seed(0)
    x, weight = torch.randn(2, 2, 8, 12), torch.randn(shape)
    exact = resample(x, weight)
    monkeypatch.setattr(ops, "_folds", lambda x, weight: False)
    rounded = resample(x.bfloat16(), weight)
    assert rounded.dtype == torch.bfloat16
    assert (rounded - exact).abs().mean() < 0.01 * exact.abs().mean()


def test_where_the_filter_is_folded() -> None:
    few, many = torch.zeros(32, 32, 3, 3), torch.zeros(64, 32, 3, 3)
    narrow = torch.zeros(1, 32, 4, 4, dtype=torch.bfloat16)
    assert [ops._folds(narrow, few), ops._folds(narrow, many), ops._folds(narrow.float(), few)] == [True, False, False]


@pytest.mark.parametrize("name", RESAMPLERS)
def test_derivatives(name: str) -> None:
    resample, shape = RESAMPLERS[name]
    torch.manual_seed(0)
    x = torch.randn(1, 2, 4, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(resample, (x, weight))
    assert torch.autograd.gradgradcheck(resample, (x, weight))


def test_derivatives_of_doubling() -> None:
    x = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ops.upsample, (x,))
    assert torch.autograd.gradgradcheck(ops.upsample, (x,))

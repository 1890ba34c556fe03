"""The transposed convolution taken apart is the transposed convolution."""

import pytest
import torch
from torch.nn import functional as F

from models.fast import doubling
from models.fast.doubling import Apart, Together


@pytest.mark.parametrize("kind", [Together, Apart])
@pytest.mark.parametrize(("size", "channels"), [((4, 7), (3, 5)), ((40, 33), (16, 8))])
def test_both_give_the_transposed_convolution(
    kind: type[Together | Apart], size: tuple[int, int], channels: tuple[int, int]
) -> None:
    """Where the weight is scaled and where the input is."""
    torch.manual_seed(0)
    x = torch.randn(1, channels[0], *size).contiguous(memory_format=torch.channels_last)
    weight, style = torch.randn(channels[1], channels[0], 3, 3), torch.rand(channels[0]) + 0.5
    expected = F.conv_transpose2d(x * style[:, None, None], weight.transpose(0, 1), stride=2)
    y = kind(weight, size, torch.float32)(x, style)
    assert y.is_contiguous(memory_format=torch.channels_last)
    height, width = expected.shape[2:]
    assert float((y[:, :, :height, :width] - expected).abs().max()) < 1e-4
    assert y.shape[2:] == (height + kind.beyond, width + kind.beyond)
    assert not y[:, :, height:].any()
    assert not y[:, :, :, width:].any()


def test_which_is_taken() -> None:
    narrow, wide = torch.zeros(4, doubling.MANY - 1, 3, 3), torch.zeros(4, doubling.MANY, 3, 3)
    assert isinstance(doubling.transposed(narrow, (8, 8), torch.bfloat16), Together)
    assert isinstance(doubling.transposed(wide, (8, 8), torch.bfloat16), Apart)
    assert isinstance(doubling.transposed(narrow, (8, 8), torch.float32), Apart)

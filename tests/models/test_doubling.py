"""Each way to a transposed convolution gives the transposed convolution."""

import pytest
import torch
from torch.nn import functional as F

from models.fast import doubling
from models.fast.conv import NEEDED_TRANSPOSED, transposes
from models.fast.doubling import Apart, Together, Whole

CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", [Whole, Together, Apart])
@pytest.mark.parametrize(("size", "channels"), [((4, 7), (3, 5)), ((40, 33), (16, 8))])
def test_all_give_the_transposed_convolution(
    kind: type[Whole | Together | Apart], size: tuple[int, int], channels: tuple[int, int]
) -> None:
    """Where the weight is scaled and where the input is."""
    if kind is Whole and not all(hasattr(torch.ops.mkldnn, name) for name in NEEDED_TRANSPOSED):
        pytest.skip("this build of torch has no packed transposed convolutions")
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


def test_what_stands_for_a_transposed_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vector units take it as it is, matrix units and GPUs do not."""
    narrow, wide = torch.zeros(4, doubling.MANY - 1, 3, 3), torch.zeros(4, doubling.MANY, 3, 3)
    monkeypatch.setattr(doubling, "transposes", lambda device, dtype: False)
    assert isinstance(doubling.transposed(narrow, (8, 8), torch.bfloat16), Together)
    assert isinstance(doubling.transposed(wide, (8, 8), torch.bfloat16), Apart)
    assert isinstance(doubling.transposed(narrow, (8, 8), torch.float32), Apart)
    monkeypatch.setattr(doubling, "transposes", lambda device, dtype: True)
    assert isinstance(doubling.transposed(narrow, (80, 80), torch.bfloat16), Whole)


@pytest.mark.parametrize(
    ("units", "expected"), [({"avx512_f"}, True), ({"avx512_f", "amx_bf16"}, False), (set(), False)]
)
def test_only_where_it_was_measured(monkeypatch: pytest.MonkeyPatch, units: set[str], expected: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(units, True), raising=False)
    monkeypatch.setattr("models.fast.conv.NEEDED_TRANSPOSED", ())
    monkeypatch.setattr("models.fast.conv._fused", lambda device, dtype: True)
    transposes.cache_clear()
    try:
        assert transposes(CPU, torch.bfloat16) is expected
        assert transposes(CPU, torch.float32) is expected
    finally:
        transposes.cache_clear()

"""StyleGAN2 as rosinality's PyTorch code saves it: state dicts in a `.pt`, in our names.

The same network in another notation: convolutions are scaled when they run, so that their gain is folded into ours,
and `style.0` is the normalisation of z, which has no weights.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from models import discriminator, stylegan2
from models.convert.arrays import TensorView
from models.convert.plan import Plan, Weight, channels, check_fir
from models.convert.refusal import Refused

Tensors = dict[str, TensorView]
_FIRST = re.compile(r"(conv1|to_rgb1)\.(.+)")
_LATER = re.compile(r"(convs|to_rgbs)\.(\d{1,3})\.(.+)")
_NOISE = re.compile(r"noises\.noise_(\d{1,3})")
_STYLE = re.compile(r"style\.(\d{1,3})\.(weight|bias)")
CONV = {
    "conv.weight": "weight", "conv.modulation.weight": "affine.weight", "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength", "activate.bias": "bias", "bias": "bias",
}  # fmt: skip
RESIDUAL = {
    "conv1.0.weight": "conv0.weight", "conv1.1.bias": "conv0.bias", "conv2.1.weight": "conv1.weight",
    "conv2.2.bias": "conv1.bias", "skip.1.weight": "skip.weight",
}  # fmt: skip
CRITIC = {
    "convs.0.0.weight": "fromrgb.weight", "convs.0.1.bias": "fromrgb.bias", "final_conv.0.weight": "conv.weight",
    "final_conv.1.bias": "conv.bias", "final_linear.0.weight": "fc.weight", "final_linear.0.bias": "fc.bias",
    "final_linear.1.weight": "out.weight", "final_linear.1.bias": "out.bias",
}  # fmt: skip


def generator(tensors: Tensors, latent_avg: TensorView | None) -> Plan:
    """A generator's state dict, and the mean w where the file has it. Raises Refused."""
    weights = {_name(path): _folded(path, view) for path, view in _weights(tensors)}
    if latent_avg is not None:
        weights["mapping.w_avg"] = Weight(latent_avg)
    layers = sum(path.startswith("style.") and path.endswith(".weight") for path in tensors)
    w_dim, z_dim = _shape(tensors, "style.1.weight", 2)
    widths = {4: _shape(tensors, "conv1.conv.weight", 5)[1]}
    while (index := 2 * len(widths) - 1) < len(tensors) and f"convs.{index}.conv.weight" in tensors:
        widths[4 * 2 ** len(widths)] = _shape(tensors, f"convs.{index}.conv.weight", 5)[1]
    settings = {
        **channels(widths),
        "img_resolution": max(widths),
        "img_channels": _shape(tensors, "to_rgb1.conv.weight", 5)[1],
        "z_dim": z_dim,
        "w_dim": w_dim,
        "mapping_layers": layers,
    }
    absent = _absent(tensors, len(widths)) | (set() if latent_avg else {"mapping.w_avg"})
    plan = Plan(stylegan2.Generator, stylegan2.Config, settings, weights)
    return replace(plan, zeros=frozenset(absent), averages_w=latent_avg is None)


def critic(tensors: Tensors) -> Plan:
    """A discriminator's state dict. Raises Refused."""
    names = {path: _critic_name(path) for path, _ in _weights(tensors)}
    count = sum(name.startswith("blocks.") and name.endswith(".skip.weight") for name in names.values())
    top = 4 * 2**count
    widths = {top: _shape(tensors, "convs.0.0.weight", 4)[0]}
    for index in range(1, count + 1):
        widths[top >> index] = _shape(tensors, f"convs.{index}.conv2.1.weight", 4)[0]
    settings: dict[str, Any] = {
        **channels(widths),
        "img_resolution": top,
        "img_channels": _shape(tensors, "convs.0.0.weight", 4)[1],
        "mbstd_group_size": 4,
    }
    weights = {name: Weight(tensors[path]) for path, name in names.items()}
    return Plan(discriminator.Discriminator, discriminator.Config, settings, weights)


def _absent(tensors: Tensors, blocks: int) -> set[str]:
    """Tensors that an old file need not have: in 2019 the noise was drawn anew for each picture and never kept."""
    if any(path.startswith("noises.") for path in tensors):
        return set()
    names = [f"synthesis.blocks.{block}.conv{i}.noise_const" for block in range(blocks) for i in (0, 1)]
    return set(names[1:])


def _weights(tensors: Tensors) -> Iterator[tuple[str, TensorView]]:
    """Every tensor but the filters, which are checked."""
    for path, view in tensors.items():
        if path.endswith(".kernel"):
            check_fir(path, view)
        else:
            yield path, view


def _folded(path: str, view: TensorView) -> Weight:
    """A weight, times the gain that a demodulated convolution gives it: 1 / √(I·k²) of [1, O, I, k, k]."""
    modulated = path.endswith("conv.weight") and not path.startswith("to_rgb") and len(view.shape) == 5
    return Weight(view, 1 / math.sqrt(max(math.prod(view.shape[2:]), 1)) if modulated else 1.0)


def _name(path: str) -> str:
    """Our name for a tensor of the generator; one we do not know keeps its own."""
    if path == "input.input":
        return "synthesis.blocks.0.const"
    if match := _STYLE.fullmatch(path):
        return f"mapping.layers.{int(match[1]) - 1}.{match[2]}"
    if match := _NOISE.fullmatch(path):
        index = int(match[1])
        return f"synthesis.blocks.{(index + 1) // 2}.conv{(index + 1) % 2}.noise_const"
    block, layer, rest = _place(path)
    return f"synthesis.blocks.{block}.{layer}.{CONV[rest]}" if rest in CONV else path


def _place(path: str) -> tuple[int, str, str]:
    """Block, layer and the rest of the name."""
    if match := _FIRST.fullmatch(path):
        return 0, "torgb" if match[1] == "to_rgb1" else "conv1", match[2]
    match = _LATER.fullmatch(path)
    if match and match[1] == "to_rgbs":
        return int(match[2]) + 1, "torgb", match[3]
    if match:
        return int(match[2]) // 2 + 1, f"conv{int(match[2]) % 2}", match[3]
    return 0, "", ""


def _critic_name(path: str) -> str:
    head, _, rest = path.partition(".")
    index, _, rest = rest.partition(".")
    if head == "convs" and rest in RESIDUAL and index.isdecimal():
        return f"blocks.{int(index) - 1}.{RESIDUAL[rest]}"
    return CRITIC.get(path, path)


def _shape(tensors: Tensors, path: str, dimensions: int) -> tuple[int, ...]:
    if path not in tensors or len(tensors[path].shape) != dimensions:
        raise Refused(f"it lacks tensor {path}, or it has another shape")
    return tensors[path].shape

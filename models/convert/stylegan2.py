"""StyleGAN2 of NVIDIA's PyTorch code (StyleGAN2-ADA of 2020 and 2021, and as shipped with StyleGAN3) in our names."""

import re
from collections.abc import Iterator
from typing import Any

from models import discriminator, stylegan2
from models.convert.modules import Tree
from models.convert.plan import Plan, Weight, channels, check_fir, log2
from models.convert.refusal import Refused

_BLOCK = re.compile(r"(synthesis\.)?b(\d{1,5})\.(.+)")
_LAYER = re.compile(r"mapping\.fc(\d{1,3})\.(.+)")
MAPPING_GAIN = 0.01


def is_generator(tree: Tree) -> bool:
    """Whether this is a StyleGAN2 generator."""
    return "synthesis.b4" in tree.parts and "mapping" in tree.parts


def is_discriminator(tree: Tree) -> bool:
    """Whether this is a StyleGAN2 discriminator, which StyleGAN3 trains with too."""
    return "b4.out" in tree.parts


def generator(tree: Tree) -> Plan:
    """Raises Refused for what our generator has not, and for parts that are missing."""
    resolutions = _resolutions(tree, "synthesis.b")
    for r in resolutions:
        expect(tree, f"synthesis.b{r}", "architecture", "skip")
        for layer in ("conv0", "conv1") if r > 4 else ("conv1",):
            expect(tree, f"synthesis.b{r}.{layer}", "activation", "lrelu")
    last = shape(tree, f"synthesis.b{resolutions[-1]}.torgb.weight", 4)
    settings = {
        **mapping_settings(tree),
        **channels({r: shape(tree, f"synthesis.b{r}.conv1.weight", 4)[0] for r in resolutions}),
        "img_resolution": resolutions[-1],
        "img_channels": last[0],
        "conv_clamp": tree.attribute("synthesis.b4.conv1", "conv_clamp", None),
    }
    weights = {_generator_name(path): weight for path, weight in _weights(tree)}
    return Plan(stylegan2.Generator, stylegan2.Config, settings, weights)


def critic(tree: Tree) -> Plan:
    """The discriminator. Raises Refused as `generator` does."""
    resolutions = _resolutions(tree, "b")
    for r in resolutions[1:]:
        expect(tree, f"b{r}", "architecture", "resnet")
    for part in [f"b{r}.conv{i}" for r in resolutions[1:] for i in (0, 1)] + ["b4.conv", "b4.fc"]:
        expect(tree, part, "activation", "lrelu")
    top = resolutions[-1]
    conditional = "mapping.embed.weight" in tree.tensors
    widths = {r // 2: shape(tree, f"b{r}.conv1.weight", 4)[0] for r in resolutions[1:]}
    widths[top] = shape(tree, f"b{top}.fromrgb.weight", 4)[0]
    settings = {
        **channels(widths),
        "img_resolution": top,
        "img_channels": shape(tree, f"b{top}.fromrgb.weight", 4)[1],
        "c_dim": shape(tree, "mapping.embed.weight", 2)[1] if conditional else 0,
        "cmap_dim": shape(tree, "b4.out.weight", 2)[0] if conditional else None,
        "conv_clamp": tree.attribute(f"b{top}.conv0", "conv_clamp", None),
        "mbstd_group_size": _group_size(tree),
    }
    weights = {_critic_name(path, top): weight for path, weight in _weights(tree)}
    zeros = frozenset({"mapping.w_avg"} if conditional else ())
    return Plan(discriminator.Discriminator, discriminator.Config, settings, weights, zeros)


def mapping_settings(tree: Tree) -> dict[str, Any]:
    """Settings of the mapping network, from the shapes of its weights; StyleGAN3 has the same."""
    count = sum(path.startswith("mapping.fc") and path.endswith(".weight") for path in tree.tensors)
    for i in range(count):
        expect(tree, f"mapping.fc{i}", "activation", "lrelu")
        if tree.attribute(f"mapping.fc{i}", "bias_gain", MAPPING_GAIN) != MAPPING_GAIN:
            raise Refused(f"its mapping network has another learning rate multiplier than {MAPPING_GAIN}")
    inputs = shape(tree, "mapping.fc0.weight", 2)[1]
    w_dim = shape(tree, f"mapping.fc{count - 1}.weight", 2)[0]
    embedded, c_dim = shape(tree, "mapping.embed.weight", 2) if "mapping.embed.weight" in tree.tensors else (0, 0)
    return {
        "z_dim": inputs - embedded,
        "c_dim": c_dim,
        "w_dim": w_dim,
        "mapping_layers": count,
        "w_avg_beta": tree.attribute("mapping", "w_avg_beta", 0.998),
    }


def mapping_name(path: str) -> str:
    """Our name for a tensor of the mapping network."""
    return _LAYER.sub(r"mapping.layers.\1.\2", path)


def _weights(tree: Tree) -> Iterator[tuple[str, Weight]]:
    """Every tensor but the filters, which are checked."""
    for path, view in tree.tensors.items():
        if path.endswith("resample_filter"):
            check_fir(path, view)
        else:
            yield path, Weight(view)


def _generator_name(path: str) -> str:
    match = _BLOCK.fullmatch(path)
    return f"synthesis.blocks.{log2(match[2]) - 2}.{match[3]}" if match and match[1] else mapping_name(path)


def _critic_name(path: str, top: int) -> str:
    match = _BLOCK.fullmatch(path)
    if match is None:
        return mapping_name(path)
    if match[2] == "4" or match[3].startswith("fromrgb."):
        return match[3]
    return f"blocks.{log2(str(top)) - log2(match[2])}.{match[3]}"


def _resolutions(tree: Tree, prefix: str) -> list[int]:
    """4, 8, … as the names of the blocks say."""
    found = [path.removeprefix(prefix) for path in tree.parts if re.fullmatch(re.escape(prefix) + r"\d{1,5}", path)]
    exponents = sorted(log2(text) for text in found)
    if exponents != list(range(2, len(exponents) + 2)) or len(exponents) < 2:
        raise Refused("it does not have one block for each resolution from 4 up")
    return [2**i for i in exponents]


def _group_size(tree: Tree) -> int:
    """How many samples share a standard deviation; 1 is none."""
    if "b4.mbstd" not in tree.parts:
        return 1
    expect(tree, "b4.mbstd", "num_channels", 1)
    size = tree.attribute("b4.mbstd", "group_size", 4)
    return size if isinstance(size, int) else 1024  # None: the whole batch


def shape(tree: Tree, path: str, dimensions: int) -> tuple[int, ...]:
    if path not in tree.tensors or len(tree.tensors[path].shape) != dimensions:
        raise Refused(f"it lacks tensor {path}, or it has another shape")
    return tree.tensors[path].shape


def expect(tree: Tree, path: str, name: str, wanted: object) -> None:
    """Raise Refused for a part that is built in another way; one that does not say is held against its tensors."""
    value = tree.attribute(path, name, wanted)
    if type(value) is not type(wanted) or value != wanted:
        shown = repr(value)[:40] if isinstance(value, str | int | float) else "something else"
        raise Refused(f"its {path} has the {name} {shown}, supported is {wanted!r}")

"""StyleGAN3 (T and R) of NVIDIA's PyTorch code in our names."""

import re
from typing import Any

import numpy as np
from pydantic import ValidationError

from models import stylegan3
from models.convert.modules import Tree
from models.convert.plan import Plan, Weight
from models.convert.refusal import Refused
from models.convert.stylegan2 import mapping_name, mapping_settings
from models.filters import LowPass

_LAYER = re.compile(r"synthesis\.L(\d{1,3})_\d+_\d+")
_DERIVED = re.compile(r".*\.(up_filter|down_filter|transform)")
NETWORK = ("num_layers", "num_critical", "margin_size", "output_scale", "img_channels", "img_resolution")
DEFAULTS = {
    "channel_base": 32768, "channel_max": 512, "conv_kernel": 3, "use_radial_filters": False, "conv_clamp": 256,
    "first_cutoff": 2, "first_stopband": 2**2.1, "last_stopband_rel": 2**0.3, "filter_size": 6, "lrelu_upsampling": 2,
    "magnitude_ema_beta": 0.999,
}  # fmt: skip


def is_generator(tree: Tree) -> bool:
    """Whether this is a StyleGAN3 generator."""
    return "synthesis.input.transform" in tree.tensors and "mapping" in tree.parts


def generator(tree: Tree) -> Plan:
    """Raises Refused for what our generator has not, and for parts that are missing."""
    settings = {
        **mapping_settings(tree),
        **{name: tree.attribute("synthesis", name) for name in NETWORK},
        **{name: tree.attribute("synthesis", name, default) for name, default in DEFAULTS.items()},
    }
    if not np.array_equal(tree.tensors["synthesis.input.transform"].values(), np.eye(3)):
        raise Refused("its input is transformed; reset the transform before saving")
    layers = {int(match[1]): path for path in tree.parts if (match := _LAYER.fullmatch(path))}
    _check_filters(tree, layers, settings)
    weights = {_name(path): Weight(tensor) for path, tensor in tree.tensors.items() if not _DERIVED.fullmatch(path)}
    return Plan(stylegan3.Generator, stylegan3.Config, settings, weights)


def _name(path: str) -> str:
    return mapping_name(_LAYER.sub(r"synthesis.layers.\1", path))


def _check_filters(tree: Tree, layers: dict[int, str], settings: dict[str, Any]) -> None:
    """Raise Refused for filters that are not the ones the settings lead to."""
    try:
        _, specs = stylegan3.schedule(stylegan3.Config.model_validate(settings))
    except ValidationError:
        return  # building the network says which setting it is
    for index, spec in enumerate(specs):
        if index not in layers:
            raise Refused(f"it lacks layer {index} of {len(specs)}")
        for name, expected in (("up_filter", spec.up_filter), ("down_filter", spec.down_filter)):
            path = f"{layers[index]}.{name}"
            if path in tree.tensors and not _same(tree.tensors[path].values(), expected):
                raise Refused(f"its {path} is not the filter of its settings")


def _same(filter_: Any, expected: LowPass | None) -> bool:
    if expected is None:
        return False
    design = expected.design()
    return filter_.shape == design.shape and np.allclose(filter_, design, atol=1e-6)

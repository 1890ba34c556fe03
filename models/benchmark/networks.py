"""The networks that are measured: published sizes by name, and what one picture costs in each."""

from typing import Any

import torch
from torch import nn

import models
from models import registry
from models.memory import return_freed_memory, usual_memory
from models.stylegan2 import Synthesis as StyleGAN2
from models.stylegan2 import SynthesisBlock
from models.stylegan2 import SynthesisLayer as StyleGAN2Layer
from models.stylegan3 import SynthesisLayer as StyleGAN3Layer

_PUBLISHED: dict[str, Any] = {"z_dim": 512, "w_dim": 512}
_R: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True}

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "stylegan2-128-4k": ("stylegan2", {"img_resolution": 128, "channel_base": 4096, "channel_max": 128}),
    "stylegan2-256-4k": ("stylegan2", {"img_resolution": 256, "channel_base": 4096, "channel_max": 128}),
    "stylegan2-256-16k": ("stylegan2", {"img_resolution": 256, "channel_base": 16384, "channel_max": 512}),
    "stylegan2-512-32k": ("stylegan2", {"img_resolution": 512, "channel_base": 32768, "channel_max": 512}),
    "stylegan2-1024-f": ("stylegan2", {"img_resolution": 1024, "channel_base": 32768, "channel_max": 512}),
    "stylegan3-t-256-4k": ("stylegan3", {"img_resolution": 256, "channel_base": 4096, "channel_max": 128}),
    "stylegan3-r-256-8k": ("stylegan3", {"img_resolution": 256, "channel_base": 8192, "channel_max": 256, **_R}),
}


def settings(name: str) -> tuple[str, dict[str, Any]]:
    """Architecture and config of a published size. Raises KeyError."""
    architecture, own = CONFIGS[name]
    return architecture, _PUBLISHED | own


def build(name: str, seed: int = 0) -> Any:
    """A generator of a published size with every parameter random. Raises KeyError."""
    architecture, config = settings(name)
    module = registry.architectures()[architecture]
    torch.manual_seed(seed)
    return_freed_memory()  # as reading a checkpoint does
    generator = module.Generator(**module.Config.model_validate(config).model_dump())
    usual_memory()
    with torch.no_grad():
        for parameter_name, parameter in generator.named_parameters():
            if parameter_name.endswith(("noise_strength", ".bias")) and "affine" not in parameter_name:
                parameter.normal_(std=0.1)
    return generator.eval().requires_grad_(False)


def load(name: str) -> Any:
    """A published size, or a checkpoint. Raises CheckpointError."""
    return build(name) if name in CONFIGS else models.load(name)


def macs(synthesis: nn.Module) -> int:
    """Multiply-adds of the convolutions of one picture, as published: filters, styles and mapping not counted."""
    total = 0
    for layer in synthesis.modules():
        if isinstance(layer, StyleGAN2Layer):
            height, width = layer.noise_const.shape
            total += layer.weight.numel() * height * width // (4 if layer.up else 1)
        elif isinstance(layer, StyleGAN3Layer):
            height, width = (side + layer.spec.kernel - 1 for side in layer.spec.in_size)
            total += layer.weight.numel() * height * width
    if isinstance(synthesis, StyleGAN2):
        for block in synthesis.blocks:
            assert isinstance(block, SynthesisBlock)
            height, width = block.conv1.noise_const.shape
            total += block.torgb.weight.numel() * height * width
    return total

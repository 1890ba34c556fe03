"""Files as other programs write them, made from networks of ours: what a user's clone is tested with."""

import argparse
import pickle
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models import stylegan2
from models.discriminator import Discriminator

FIR = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


class EasyDict(dict[str, Any]):
    """A dict by another name."""


EasyDict.__module__, EasyDict.__qualname__ = "dnnlib.util", "EasyDict"


def _reconstruct_persistent_obj(meta: Any) -> None:
    raise AssertionError("the reader called what the file names")


_reconstruct_persistent_obj.__module__ = "torch_utils.persistence"


class Part:
    """A part of a network that writes itself as a persistent object with its program text."""

    program = ""

    def __init__(self, class_name: str) -> None:
        empty = {"_parameters": {}, "_buffers": {}, "_modules": OrderedDict(), "_non_persistent_buffers_set": set()}
        self.class_name = class_name
        self.state: dict[str, Any] = {"training": False, **empty, "_init_args": (), "_init_kwargs": EasyDict()}

    def __reduce__(self) -> tuple[Any, ...]:
        meta = EasyDict(type="class", version=6, module_src=self.program, class_name=self.class_name, state=self.state)
        return _reconstruct_persistent_obj, (meta,)

    def at(self, path: str) -> "Part":
        """The part at a path, made where it is not there."""
        part = self
        for name in filter(None, path.split(".")):
            part = part.state["_modules"].setdefault(name, Part(f"Part_{name}"))
        return part

    def put(self, path: str, tensor: Tensor) -> None:
        """Add a tensor: a parameter if it was one."""
        owner, _, name = path.rpartition(".")
        kind = "_parameters" if isinstance(tensor, nn.Parameter) else "_buffers"
        self.at(owner).state[kind][name] = tensor


@contextmanager
def importable() -> Iterator[None]:
    """Let `pickle` find the names it writes; afterwards they are gone, as on a machine without that code."""
    names = ("dnnlib", "dnnlib.util", "torch_utils", "torch_utils.persistence")
    sys.modules.update({name: ModuleType(name) for name in names})
    vars(sys.modules["dnnlib.util"])["EasyDict"] = EasyDict
    vars(sys.modules["torch_utils.persistence"])["_reconstruct_persistent_obj"] = _reconstruct_persistent_obj
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def dump(content: object, path: Path, protocol: int = 4, program: str = "") -> Path:
    """Write a pickle with the names of NVIDIA's code; every part carries `program` as its source."""
    path.write_bytes(dumped(content, protocol, program))
    return path


def dumped(content: object, protocol: int = 4, program: str = "") -> bytes:
    """The bytes of such a file."""
    Part.program = program
    with importable():
        return pickle.dumps(content, protocol)


def tensors_of(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from network.named_parameters()
    yield from network.named_buffers()


def official(network: nn.Module) -> Part:
    """A network in the words of NVIDIA's code."""
    if isinstance(network, Discriminator):
        return _critic(network)
    return _stylegan2(network) if isinstance(network, stylegan2.Generator) else _stylegan3(network)


def _linear(root: Part, count: int) -> None:
    """What the mapping network says of itself."""
    for i in range(count):
        layer = root.at(f"mapping.fc{i}")
        layer.state |= {"activation": "lrelu", "weight_gain": np.float64(0.01 / 8), "bias_gain": 0.01}


def _stylegan2(network: Any) -> Part:
    root = Part("Generator")
    for name, tensor in tensors_of(network):
        name = re.sub(r"blocks\.(\d+)", lambda match: f"b{4 << int(match[1])}", name)
        root.put(name.replace("mapping.layers.", "mapping.fc"), tensor)
    _linear(root, len(network.mapping.layers))
    root.at("mapping").state["w_avg_beta"] = network.mapping.w_avg_beta
    for resolution, block in root.at("synthesis").state["_modules"].items():
        block.state |= {"architecture": "skip", "use_fp16": resolution != "b4"}
        root.put(f"synthesis.{resolution}.resample_filter", FIR)
        for name in ("conv0", "conv1"):
            if name in block.state["_modules"]:
                block.at(name).state |= {"activation": "lrelu", "conv_clamp": network.config.conv_clamp}
                root.put(f"synthesis.{resolution}.{name}.resample_filter", FIR)
    return root


def _stylegan3(network: Any) -> Part:
    root, config = Part("Generator"), network.config
    specs = [layer.spec for layer in network.synthesis.layers]
    names = [f"L{i}_{spec.out_size[0]}_{spec.out_channels}" for i, spec in enumerate(specs)]
    for name, tensor in tensors_of(network):
        name = re.sub(r"synthesis\.layers\.(\d+)", lambda match: f"synthesis.{names[int(match[1])]}", name)
        root.put(name.replace("mapping.layers.", "mapping.fc"), tensor)
    _linear(root, len(network.mapping.layers))
    root.put("synthesis.input.transform", torch.eye(3))
    root.at("synthesis.input").state["size"] = np.array([36, 36])
    for name, spec in zip(names, specs, strict=True):
        for kind in ("up_filter", "down_filter"):
            if getattr(spec, kind) is not None:
                root.put(f"synthesis.{name}.{kind}", torch.tensor(getattr(spec, kind).design(), dtype=torch.float32))
    synthesis = root.at("synthesis").state
    said = ("num_layers", "num_critical", "margin_size", "output_scale", "img_channels", "img_resolution")
    synthesis |= {name: getattr(config, name) for name in said}
    told = ("channel_base", "channel_max", "conv_kernel", "use_radial_filters", "conv_clamp")
    synthesis["_init_kwargs"] = EasyDict({name: getattr(config, name) for name in told})
    return root


def _critic(network: Discriminator) -> Part:
    root, top = Part("Discriminator"), network.config.img_resolution
    for name, tensor in tensors_of(network):
        name = re.sub(r"^blocks\.(\d+)", lambda match: f"b{top >> int(match[1])}", name)
        name = re.sub(r"^(conv|fc|out)\.", r"b4.\1.", name).replace("fromrgb.", f"b{top}.fromrgb.")
        if name != "mapping.w_avg":
            root.put(name.replace("mapping.layers.", "mapping.fc"), tensor)
    _linear(root, 8 if network.mapping else 0)
    for name, block in root.state["_modules"].items():
        block.state["architecture"] = "resnet"
        for layer in set(block.state["_modules"]) & {"conv0", "conv1", "conv", "fc"}:
            block.at(layer).state |= {"activation": "lrelu", "conv_clamp": network.config.conv_clamp}
            root.put(f"{name}.{layer}.resample_filter", FIR)
    root.at("b4.mbstd").state |= {"group_size": 4, "num_channels": 1}
    return root


def snapshot(generator: nn.Module, average: nn.Module, critic: nn.Module | None) -> dict[str, Any]:
    """What NVIDIA's training loop writes."""
    settings = EasyDict(class_name="training.dataset.ImageFolderDataset", path="/secret/place.zip", max_size=7)
    return {
        "G": official(generator),
        "D": None if critic is None else official(critic),
        "G_ema": official(average),
        "augment_pipe": None,
        "training_set_kwargs": settings,
    }


def rosinality(generator: Any, critic: Any = None, *, average: bool = True, noises: bool = True) -> dict[str, Any]:
    """What rosinality's training loop writes: its convolutions are k·√I times ours."""
    state: dict[str, Any] = OrderedDict()
    for name, tensor in generator.state_dict().items():
        if name == "mapping.w_avg" or (name.endswith("noise_const") and not noises):
            continue
        theirs, change = _rosinality_name(name)
        state[theirs] = change(tensor)
    state["to_rgbs.0.upsample.kernel"] = FIR * 4
    content = {"g": state, "g_ema": state, "args": argparse.Namespace(size=16, device="cuda"), "ada_aug_p": 0.2}
    if critic is not None:
        content["d"] = OrderedDict((_rosinality_critic_name(n), t) for n, t in critic.state_dict().items())
    if average:
        content["latent_avg"] = generator.mapping.w_avg
    optimiser = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.002}]}
    return {**content, "g_optim": optimiser}


def _rosinality_name(name: str) -> tuple[str, Callable[[Tensor], Tensor]]:
    if match := re.fullmatch(r"mapping\.layers\.(\d+)\.(.+)", name):
        return f"style.{int(match[1]) + 1}.{match[2]}", lambda tensor: tensor
    match = re.fullmatch(r"synthesis\.blocks\.(\d+)\.(.+)", name)
    assert match is not None
    block, rest = int(match[1]), match[2]
    layer, _, rest = rest.partition(".")
    if layer == "const":
        return "input.input", lambda tensor: tensor[None]
    index = 2 * block + int(layer == "conv1") - 1  # among all convolutions, 0 the first
    if rest == "noise_const":
        return f"noises.noise_{index}", lambda tensor: tensor[None, None]
    if layer == "torgb":
        owner = f"to_rgbs.{block - 1}" if block else "to_rgb1"
    else:
        owner = f"convs.{index - 1}" if index else "conv1"
    rest = rest.replace("affine.", "conv.modulation.")
    if rest == "weight":
        gain = 1.0 if layer == "torgb" else 3.0
        return f"{owner}.conv.weight", lambda t: t[None] * (gain * t.shape[1] ** 0.5 if gain > 1 else 1.0)
    if rest == "noise_strength":
        return f"{owner}.noise.weight", lambda tensor: tensor[None]
    if rest == "bias" and layer == "torgb":
        return f"{owner}.bias", lambda tensor: tensor[None, :, None, None]
    return f"{owner}.{'activate.bias' if rest == 'bias' else rest}", lambda tensor: tensor


def _rosinality_critic_name(name: str) -> str:
    fixed = {
        "fromrgb.weight": "convs.0.0.weight",
        "fromrgb.bias": "convs.0.1.bias",
        "conv.weight": "final_conv.0.weight",
    }
    fixed |= {"conv.bias": "final_conv.1.bias", "fc.weight": "final_linear.0.weight", "fc.bias": "final_linear.0.bias"}
    fixed |= {"out.weight": "final_linear.1.weight", "out.bias": "final_linear.1.bias"}
    if name in fixed:
        return fixed[name]
    _, index, layer, rest = name.split(".")
    parts = {"conv0.weight": "conv1.0.weight", "conv0.bias": "conv1.1.bias", "skip.weight": "skip.1.weight"}
    parts |= {"conv1.weight": "conv2.1.weight", "conv1.bias": "conv2.2.bias"}
    return f"convs.{int(index) + 1}.{parts[f'{layer}.{rest}']}"

"""A user's own network of features, from an ONNX file: read as data, and run by torch so that a gradient flows through.

Its one input takes pictures [N, 3, H, W] in [-1, 1] of any size; each of its outputs is a map of features [N, C, h, w].
Known are the operators that convolutional networks are made of, in ONNX's opset 13 or newer.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from models.features.errors import FeaturesError
from models.features.frozen import same_padding

LARGEST = 512 * 2**20
MOST_NODES = 10_000
MOST_NUMBERS = 2**26  # in all that is computed of one picture of SIDE pixels
SIDE = 64
CONSTANT = "Constant"  # a node that is a weight
OLDEST = 13  # opset: older ones keep in attributes what are inputs since

Attributes = dict[str, Any]
Inputs = list[Tensor | None]


class OnnxFeatures(nn.Module):
    """Pictures [N, 3, H, W] to maps of features, the finest first."""

    def __init__(self, graph: Any, constants: dict[str, Tensor]) -> None:
        super().__init__()
        steps = [(node.op_type, list(node.input), list(node.output), _attributes(node)) for node in graph.node]
        self._nodes = [step for step in steps if step[0] != CONSTANT]
        constants = constants | {step[2][0]: _constant(step[3]) for step in steps if step[0] == CONSTANT}
        self._input = _only_input(graph, constants)
        self._outputs = [entry.name for entry in graph.output]
        self._names = list(constants)
        for index, name in enumerate(self._names):
            self.register_buffer(f"constant{index}", constants[name], persistent=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """[N, 3, H, W] -> [N, C, h, w] of each output"""
        known = {name: self.get_buffer(f"constant{index}").to(x.device) for index, name in enumerate(self._names)}
        known[self._input] = x
        for operator, inputs, outputs, attributes in self._nodes:
            known[outputs[0]] = OPERATORS[operator]([known[name] if name else None for name in inputs], attributes)
        found = [known[name] for name in self._outputs]
        return sorted(found, key=lambda level: -level.shape[2] * level.shape[3])


def load_onnx(path: Path) -> tuple[OnnxFeatures, str]:
    """The network of a file and the file's SHA-256. Raises FeaturesError."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise FeaturesError(f"{path}: ONNX files need a package; install it with: pip install onnx") from None
    data = _read(path)
    try:
        graph, opset = _graph(onnx.load_model_from_string(data))
        constants = {entry.name: _tensor(numpy_helper.to_array(entry)) for entry in graph.initializer}
        network = OnnxFeatures(graph, constants)
        _check(network, opset)
    except FeaturesError as error:
        raise FeaturesError(f"{path}: {error}") from None
    except Exception as error:  # noqa: BLE001 (protobuf, onnx and torch each raise their own for a damaged file)
        raise FeaturesError(f"{path}: is no network of features ({_first_line(error)}); give another") from None
    return network.eval().requires_grad_(False), hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    try:
        if not os.path.isfile(path):
            raise FeaturesError(f"there is no file {path}; check --features")
        if path.stat().st_size > LARGEST:
            raise FeaturesError(f"{path}: is larger than {LARGEST >> 20} MiB; give a smaller network")
        return path.read_bytes()
    except OSError as error:
        raise FeaturesError(f"{path}: cannot be read ({error.strerror}); check --features") from None


def _graph(model: Any) -> tuple[Any, int]:
    """The graph and its opset. Raises FeaturesError for what is not known here."""
    graph = model.graph
    unknown = sorted({node.op_type for node in graph.node} - {CONSTANT, *OPERATORS})
    if unknown:
        raise FeaturesError(f"has operators that are not known here ({', '.join(unknown)[:80]}); export fewer layers")
    if len(graph.node) > MOST_NODES or any(len(node.output) != 1 for node in graph.node):
        raise FeaturesError("has more nodes, or more outputs of a node, than a network of features; give another")
    if any(entry.data_location for entry in graph.initializer):
        raise FeaturesError("keeps its weights in other files; export it with the weights inside")
    return graph, max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def _only_input(graph: Any, constants: dict[str, Tensor]) -> str:
    names = [str(entry.name) for entry in graph.input if entry.name not in constants]
    if len(names) != 1:
        raise FeaturesError(f"takes {len(names)} inputs, and one that takes pictures is needed; give another")
    return names[0]


class _Counted(TorchFunctionMode):
    """Raises FeaturesError for more than MOST_NUMBERS in the tensors that are made while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self._made = 0

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = function(*args, **kwargs or {})
        self._made += made.numel() if isinstance(made, Tensor) else 0
        if self._made > MOST_NUMBERS:
            raise FeaturesError(f"makes more than {MOST_NUMBERS} numbers of a small picture; give a smaller network")
        return made


def _check(network: OnnxFeatures, opset: int) -> None:
    """Raise FeaturesError unless it makes finite maps of pictures, which hang on them, and in a bearable size."""
    if opset < OLDEST:
        raise FeaturesError(f"is of opset {opset}; export it with opset {OLDEST} or newer")
    with torch.no_grad(), _Counted():
        network(torch.empty(1, 3, SIDE, SIDE, device="meta"))  # shapes only: nothing is computed yet
    found = network(torch.zeros(2, 3, SIDE, SIDE, requires_grad=True))
    if not found:
        raise FeaturesError("has no outputs, and maps [N, C, h, w] are needed; export those")
    for level in found:
        if level.dim() != 4 or level.shape[0] != 2 or min(level.shape) < 1:
            raise FeaturesError(
                f"makes {list(level.shape)} of two pictures, and maps [N, C, h, w] are needed; export those"
            )
        if not level.requires_grad:
            raise FeaturesError("has an output that does not come from the picture; export maps of features only")
        if not bool(level.isfinite().all()):
            raise FeaturesError("makes numbers that are not finite; give another")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]


def _tensor(values: Any) -> Tensor:
    """Weights in float32; whole numbers as they are."""
    tensor = torch.from_numpy(np.array(values))
    return tensor.float() if tensor.is_floating_point() else tensor


def _attributes(node: Any) -> Attributes:
    from onnx import helper, numpy_helper

    values = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    if node.op_type == "Constant" and "value" in values:
        values["value"] = _tensor(numpy_helper.to_array(values["value"]))
    return values


def _padded(x: Tensor, attributes: Attributes, kernel: list[int], value: float = 0.0) -> Tensor:
    """With what ONNX's `pads` or `auto_pad` says, on both sides of each dimension."""
    strides = attributes.get("strides", [1, 1])
    automatic = attributes.get("auto_pad", b"NOTSET").decode()
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        sides = zip(x.shape[2:], kernel, strides, strict=True)
        less, more = zip(*(same_padding(*side) for side in sides), strict=True)
        before, after = (less, more) if automatic == "SAME_UPPER" else (more, less)
    else:
        pads = attributes.get("pads", [0, 0, 0, 0])
        before, after = pads[:2], pads[2:]
    return F.pad(x, (before[1], after[1], before[0], after[0]), value=value)


def _conv(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, weight = _given(inputs[0]), _given(inputs[1])
    bias = inputs[2] if len(inputs) > 2 else None
    dilations = attributes.get("dilations", [1, 1])
    reach = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    x = _padded(x, attributes, reach)
    return F.conv2d(x, weight, bias, attributes.get("strides", [1, 1]), 0, dilations, attributes.get("group", 1))


def _max_pool(inputs: Inputs, attributes: Attributes) -> Tensor:
    kernel = attributes["kernel_shape"]
    x = _padded(_given(inputs[0]), attributes, kernel, float("-inf"))
    return F.max_pool2d(x, kernel, attributes.get("strides", [1, 1]), ceil_mode=bool(attributes.get("ceil_mode", 0)))


def _average_pool(inputs: Inputs, attributes: Attributes) -> Tensor:
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
    x = _given(inputs[0])
    summed = F.avg_pool2d(_padded(x, attributes, kernel), kernel, strides)
    if attributes.get("count_include_pad", 0):
        return summed
    return summed / F.avg_pool2d(_padded(torch.ones_like(x[:1, :1]), attributes, kernel), kernel, strides)


def _norm(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, weight, bias, mean, variance = (_given(value) for value in inputs)
    return F.batch_norm(x, mean, variance, weight, bias, eps=attributes.get("epsilon", 1e-5))


def _clip(inputs: Inputs, attributes: Attributes) -> Tensor:
    x, low, high = (*inputs, None, None)[:3]
    return _given(x).clamp(low, high)


def _constant(attributes: Attributes) -> Tensor:
    return torch.as_tensor(attributes.get("value", attributes.get("value_float", attributes.get("value_int"))))


def _given(value: Tensor | None) -> Tensor:
    if value is None:
        raise FeaturesError("leaves out an input that its operator needs; give another")
    return value


def _of_one(function: Callable[[Tensor], Tensor]) -> Callable[[Inputs, Attributes], Tensor]:
    return lambda inputs, attributes: function(_given(inputs[0]))


def _of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Inputs, Attributes], Tensor]:
    return lambda inputs, attributes: function(_given(inputs[0]), _given(inputs[1]).to(_given(inputs[0]).dtype))


OPERATORS: dict[str, Callable[[Inputs, Attributes], Tensor]] = {
    "Conv": _conv,
    "BatchNormalization": _norm,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _of_one(lambda x: x.mean(dim=(2, 3), keepdim=True)),
    "Relu": _of_one(F.relu),
    "LeakyRelu": lambda inputs, attributes: F.leaky_relu(_given(inputs[0]), attributes.get("alpha", 0.01)),
    "Sigmoid": _of_one(torch.sigmoid),
    "HardSigmoid": lambda inputs, attributes: (
        _given(inputs[0]) * attributes.get("alpha", 0.2) + attributes.get("beta", 0.5)
    ).clamp(0, 1),
    "HardSwish": _of_one(F.hardswish),
    "Clip": _clip,
    "Add": _of_two(torch.add),
    "Sub": _of_two(torch.sub),
    "Mul": _of_two(torch.mul),
    "Div": _of_two(torch.div),
    "Concat": lambda inputs, attributes: torch.cat([_given(value) for value in inputs], dim=attributes["axis"]),
    "Identity": _of_one(lambda x: x),
}

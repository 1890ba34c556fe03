"""A user's own network of features from an ONNX file: the same maps as onnxruntime makes, and a gradient."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from models import features
from models.features import FeaturesError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "small.onnx"
    nodes, weights = [], []

    def add(operator: str, *inputs: str, out: str, **attributes: object) -> str:
        nodes.append(helper.make_node(operator, list(inputs), [out], **attributes))
        return out

    def weight(name: str, *shape: int, positive: bool = False) -> str:
        values = np.random.default_rng(len(weights)).standard_normal(shape, dtype=np.float32)
        weights.append(numpy_helper.from_array(np.abs(values) + 0.1 if positive else values, name))
        return name

    x = add("Conv", "x", weight("w0", 8, 3, 3, 3), weight("b0", 8), out="0", strides=[2, 2], pads=[1, 1, 1, 1])
    statistics = [weight("g", 8), weight("b", 8), weight("m", 8), weight("v", 8, positive=True)]
    x = add("HardSwish", add("BatchNormalization", x, *statistics, out="1"), out="2")
    x = add("MaxPool", x, out="3", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    x = add("Conv", x, weight("w1", 8, 1, 3, 3), out="4", group=8, auto_pad="SAME_LOWER")
    weights += [numpy_helper.from_array(np.float32(value), name) for name, value in (("low", 0), ("high", 6))]
    fine = add("Clip", x, "low", "high", out="fine")
    gate = add("Sigmoid", add("GlobalAveragePool", fine, out="5"), out="6")
    x = add(
        "AveragePool", add("Mul", fine, gate, out="7"), out="8", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]
    )
    x = add("LeakyRelu", add("Conv", x, weight("w2", 12, 8, 1, 1), out="9"), out="10", alpha=0.2)
    half = add("Constant", out="half", value=numpy_helper.from_array(np.float32(0.5)))
    add("Concat", x, add("Sub", x, half, out="11"), out="coarse", axis=1)
    maps = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("coarse", "fine")]
    picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
    graph = helper.make_graph(nodes, "small", [picture], maps, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_maps_are_those_of_onnxruntime_the_finest_first(file: Path) -> None:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1)) * 2 - 1
    coarse, fine = session.run(None, {"x": images.numpy()})
    backbone = features.load(str(file), CPU)
    found = backbone.see(images, 64)
    assert [level.shape for level in found] == [fine.shape, coarse.shape]
    for level, expected in zip(found, (fine, coarse), strict=True):
        assert np.allclose(level.numpy(), expected, atol=1e-4)


def test_a_gradient_flows_back_to_the_picture(file: Path) -> None:
    backbone = features.load(str(file), CPU, torch.bfloat16)
    images = torch.rand(1, 3, 64, 64, requires_grad=True)
    found = backbone.see(images.bfloat16(), 64)
    (gradient,) = torch.autograd.grad(sum(level.float().square().sum() for level in found), images)
    assert bool(gradient.any())


def changed(file: Path, path: Path, **changes: object) -> Path:
    model = onnx.load(file)
    if "operator" in changes:
        model.graph.node[2].op_type = changes["operator"]
    if "opset" in changes:
        model.opset_import[0].version = changes["opset"]
    if "weight" in changes:
        model.graph.initializer[0].CopyFrom(
            numpy_helper.from_array(np.full((8, 3, 3, 3), changes["weight"], np.float32), "w0")
        )
    if "outside" in changes:
        model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    path.write_bytes(model.SerializeToString())
    return path


def test_what_cannot_be_used_is_one_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "noise.onnx").write_bytes(np.random.default_rng(0).bytes(1000))
    (tmp_path / "empty.onnx").write_bytes(b"")
    (tmp_path / "cut.onnx").write_bytes(file.read_bytes()[:-40])
    for path, words in {
        tmp_path / "absent.onnx": "there is no file",
        tmp_path / "noise.onnx": "is no network of features",
        tmp_path / "empty.onnx": "takes 0 inputs",
        tmp_path / "cut.onnx": "is no network of features",
        changed(file, tmp_path / "a.onnx", operator="Einsum"): "operators that are not known here (Einsum)",
        changed(file, tmp_path / "b.onnx", opset=9): "is of opset 9; export it with opset 13 or newer",
        changed(file, tmp_path / "c.onnx", weight=np.nan): "not finite",
        changed(file, tmp_path / "d.onnx", outside=True): "keeps its weights in other files",
    }.items():
        with pytest.raises(FeaturesError) as caught:
            features.load(str(path), CPU)
        assert words in str(caught.value)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def written(path: Path, nodes: list[onnx.NodeProto], outputs: list[str], *weights: tuple[str, np.ndarray]) -> Path:
    """A graph of one input `x`, with whatever it says."""
    maps = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
    initializers = [numpy_helper.from_array(values, name) for name, values in weights]
    graph = helper.make_graph(nodes, "any", [picture], maps, initializers)
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


def laughs(count: int) -> list[onnx.NodeProto]:
    """Twice as many channels with each node."""
    names = ["x", *(f"c{i}" for i in range(count))]
    return [helper.make_node("Concat", [name, name], [after], axis=1) for name, after in pairwise(names)]


KERNEL = ("w", np.ones((8, 3, 4, 4), np.float32))


@pytest.mark.parametrize(
    ("nodes", "outputs", "weights", "words"),
    [
        (laughs(40), ["c39"], [], "numbers of a small picture; give a smaller network"),
        ([helper.make_node("Conv", ["x", "w"], ["a"], pads=[10**6] * 4)], ["a"], [KERNEL], "give a smaller network"),
        ([helper.make_node("Identity", ["x"], ["a"])], [], [], "has no outputs"),
        ([helper.make_node("Identity", ["c"], ["a"])], ["a"], [("c", np.ones((2, 8, 9, 9), np.float32))],
         "does not come from the picture"),
        ([helper.make_node("Identity", ["c"], ["a"])], ["a"], [("c", np.ones((2, 8, 9, 9), np.int64))],
         "does not come from the picture"),
        ([helper.make_node("Conv", ["x", "w"], ["a"])], ["a"], [KERNEL, ("x", np.ones((1, 3, 8, 8), np.float32))],
         "takes 0 inputs"),
        ([helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Add", ["a", "x"], ["b"])], ["b"], [],
         "is no network of features"),
    ],
)  # fmt: skip
def test_hostile_files_are_one_sentence_before_they_take_memory(
    tmp_path: Path,
    nodes: list[onnx.NodeProto],
    outputs: list[str],
    weights: list[tuple[str, np.ndarray]],
    words: str,
) -> None:
    path = written(tmp_path / "hostile.onnx", nodes, outputs, *weights)
    with pytest.raises(FeaturesError, match=words) as caught:
        features.load(str(path), CPU)
    assert "\n" not in str(caught.value)


def test_weights_that_are_nodes_have_the_number_type_of_the_others(tmp_path: Path) -> None:
    shift = numpy_helper.from_array(np.full((1, 3, 1, 1), 0.5, np.float32))
    nodes = [
        helper.make_node("Constant", [], ["half"], value=shift),
        helper.make_node("Sub", ["half", "x"], ["turned"]),
        helper.make_node("Conv", ["turned", "w"], ["a"], strides=[4, 4]),
    ]
    path = written(tmp_path / "constant.onnx", nodes, ["a"], KERNEL)
    images = torch.rand(2, 3, 64, 64)
    (found,) = features.load(str(path), CPU, torch.bfloat16).see(images.bfloat16(), 64)
    (exact,) = features.load(str(path), CPU).see(images, 64)
    assert found.dtype == torch.bfloat16
    assert torch.allclose(found.float(), exact, atol=0.5)

"""How large a shader's targets are: what their expressions say, within what there is."""

import math
from collections.abc import Mapping

from engine.params import Value
from engine.render.budgets import LARGEST_SIDE, TARGET_BYTES
from engine.render.draw import Size
from engine.render.expressions import Expression, ExpressionError
from engine.render.isf import PassSpec, Shader

CHECKED_SIZE = (640, 360)  # of the picture for which a file's sizes are judged

Sizes = dict[str, Size]


def declared_sizes(shader: Shader, whole: Size, values: Mapping[str, Value], most: int = LARGEST_SIDE) -> Sizes:
    """What the targets of a shader ask for in a picture of size `whole`, no side longer than `most`.

    Raises ExpressionError.
    """
    numbers = _numbers(whole, values)
    return {p.target: _size(p, whole, numbers, most) for p in shader.passes if p.target}


def fitting_sizes(shader: Shader, whole: Size, values: Mapping[str, Value], most: int = LARGEST_SIDE) -> Sizes:
    """The same within the budget; a target whose size a slider has made undefined is as large as the picture.

    Targets that are too large together all shrink by the same factor, so that each keeps its shape.
    """
    numbers = _numbers(whole, values)
    sizes = {p.target: _size_or_whole(p, whole, numbers, most) for p in shader.passes if p.target}
    share = budget(whole) / max(bytes_of(shader, sizes), 1)
    if share >= 1.0:
        return sizes
    factor = math.sqrt(share)
    return {name: (max(int(w * factor), 1), max(int(h * factor), 1)) for name, (w, h) in sizes.items()}


def bytes_of(shader: Shader, sizes: Sizes) -> int:
    """What the targets take in memory: each is a pair of textures, of four floats or half floats a pixel."""
    return sum(2 * (16 if name in shader.float_targets else 8) * w * h for name, (w, h) in sizes.items())


def budget(whole: Size) -> int:
    """Bytes that all targets of a shader may take; two FLOAT targets as large as the picture always fit."""
    return max(TARGET_BYTES, 2 * 2 * 16 * whole[0] * whole[1])


def _numbers(whole: Size, values: Mapping[str, Value]) -> Mapping[str, float]:
    """What expressions may name."""
    numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
    return numbers | {"WIDTH": float(whole[0]), "HEIGHT": float(whole[1])}


def _size_or_whole(spec: PassSpec, whole: Size, numbers: Mapping[str, float], most: int) -> Size:
    try:
        return _size(spec, whole, numbers, most)
    except ExpressionError:  # 1/0: the picture goes on
        return whole


def _size(spec: PassSpec, whole: Size, numbers: Mapping[str, float], most: int) -> Size:
    try:
        return _length(spec.width, whole[0], numbers, most), _length(spec.height, whole[1], numbers, most)
    except ExpressionError as error:
        raise ExpressionError(f"the size of pass target {spec.target}: {error}") from None


def _length(expression: Expression | None, whole: int, numbers: Mapping[str, float], most: int) -> int:
    return whole if expression is None else int(min(max(expression(numbers), 1.0), float(most)))

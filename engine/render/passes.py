"""One pass of the picture: an ISF shader on the GPU, with the buffers its PASSES name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from moderngl import Context, Texture
from PIL import Image

from engine.errors import ReverieError
from engine.params import Parameter, Value
from engine.render.buffers import Buffer, Copy
from engine.render.draw import Size, Surface
from engine.render.expressions import Expression, ExpressionError
from engine.render.isf import IsfError, PassSpec, Shader
from engine.render.program import PassProgram

Values = Mapping[str, Value]

AUDIO_COLUMNS = 256
CHECKED_SIZE = (640, 360)
LARGEST_SIDE = 8192  # pixels of a pass buffer
TURN = 4096.0
MOST_FRAMES = 2**24
LARGEST_PICTURE = 64_000_000  # pixels of an imported picture


@dataclass(frozen=True, slots=True)
class Moment:
    """When a frame is: show time and time since the frame before it in seconds, and its number."""

    time: float
    delta: float
    index: int


def shader_time(seconds: float) -> float:
    """TIME as shaders get it, in seconds: up to TURN and back again, for ever.

    It never jumps, and a float32 keeps its milliseconds: plain seconds move in steps of a sixteenth after two weeks.
    """
    phase = seconds % (2 * TURN)
    return min(phase, 2 * TURN - phase)


class ShaderPass:
    """A compiled shader. Display thread only; release with `close`.

    Every image input reads the picture as it reaches this pass. Raises IsfError where the shader does not compile and
    ReverieError where `initial`, the show file's values, does not fit its inputs.
    """

    def __init__(self, copy: Copy, shader: Shader, name: str, initial: Mapping[str, object]) -> None:
        self.name = name
        self.shader = shader
        self._context = context = copy.context
        self._copy = copy
        self._initial = initial
        self.parameters(f"/passes/{name}")  # refuses what does not fit before anything is made
        self._check_sizes()
        pictures = {n: _read_picture(path) for n, path in shader.imported.items()}
        self._programs: list[PassProgram] = []
        try:
            for index in range(len(shader.passes)):
                self._programs.append(PassProgram(context, shader, index))
        except ReverieError:
            for program in self._programs:
                program.release()
            raise
        self._pictures = {n: context.texture(p.size, 4, p.tobytes()) for n, p in pictures.items()}
        self._audio = {i.name: _audio(context, i.maximum) for i in shader.inputs if i.type in ("audio", "audioFFT")}
        self._buffers: dict[str, Buffer] = {}

    def parameters(self, prefix: str) -> list[Parameter]:
        """One parameter an input, below `prefix`; defaults are the show file's where it gives one."""
        declared = {i.name: i.parameter(prefix) for i in self.shader.inputs if not i.is_image}
        for name, raw in self._initial.items():
            if name not in declared:
                names = ", ".join(declared) or "no inputs"
                raise ReverieError(f"pass {self.name} has no input {name!r}; {self.shader.path.name} has {names}")
            declared[name] = replace(declared[name], default=declared[name].coerce(raw, clamp=False))
        return list(declared.values())

    def render(self, image: Texture, target: Surface, values: Values, moment: Moment) -> Texture:
        """Draw all PASSES over `image` and return the last one's result: `target`'s texture, or a buffer's own."""
        uniforms = self._uniforms(values, moment)
        self._fit_buffers(target.size, values)
        result = target.texture
        for program, spec in zip(self._programs, self.shader.passes, strict=True):
            for name, value in uniforms.items():
                program.set(name, value)
            result = self._draw(program, spec, image, target)
        return result

    def adopt(self, other: "ShaderPass") -> None:
        """Take over the buffers of the version this one replaces, where they still fit."""
        kinds = {p.target: _dtype(p) for p in self.shader.passes if p.target}
        for name in [n for n, b in other._buffers.items() if kinds.get(n) == b.front.dtype]:
            self._buffers[name] = other._buffers.pop(name)

    def close(self) -> None:
        """Release everything on the GPU."""
        for owned in (self._buffers, self._pictures, self._audio):
            for thing in owned.values():
                thing.release()
            owned.clear()
        for program in self._programs:
            program.release()

    def _check_sizes(self) -> None:
        defaults = {i.name: i.default for i in self.shader.inputs}
        for spec in self.shader.passes:
            try:
                _size(spec, CHECKED_SIZE, defaults)
            except ExpressionError as error:
                raise IsfError(f"{self.shader.path}: the size of pass target {spec.target}: {error}") from None

    def _uniforms(self, values: Values, moment: Moment) -> dict[str, object]:
        given: dict[str, object] = {i.name: i.uniform(values[i.name]) for i in self.shader.inputs if not i.is_image}
        time = shader_time(moment.time)
        given |= {"TIME": time, "TIMEDELTA": moment.delta, "FRAMEINDEX": moment.index % MOST_FRAMES}
        given["DATE"] = (1.0, 1.0, 1.0, time)  # the picture knows show time, never the calendar
        return given

    def _fit_buffers(self, whole: Size, values: Values) -> None:
        """All buffers, before any pass reads one that a later pass draws."""
        for spec in self.shader.passes:
            if spec.target is None:
                continue
            try:
                size = _size(spec, whole, values)
            except ExpressionError:  # a slider made it undefined, 1/0: the picture goes on
                size = whole
            if spec.target not in self._buffers:
                self._buffers[spec.target] = Buffer(self._context, size, _dtype(spec))
            self._buffers[spec.target].resize(size, self._copy)

    def _draw(self, program: PassProgram, spec: PassSpec, image: Texture, target: Surface) -> Texture:
        def texture(name: str) -> Texture:
            if name in self._buffers:
                return self._buffers[name].front.texture
            return self._pictures.get(name) or self._audio.get(name) or image

        if spec.target is None:
            program.draw(target, texture)
            return target.texture
        buffer = self._buffers[spec.target]
        program.draw(buffer.back, texture)
        buffer.swap()
        return buffer.front.texture


def _size(spec: PassSpec, whole: Size, values: Values) -> Size:
    """Width and height of a pass in a picture of size `whole`. Raises ExpressionError."""
    numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
    numbers |= {"WIDTH": float(whole[0]), "HEIGHT": float(whole[1])}
    return _length(spec.width, whole[0], numbers), _length(spec.height, whole[1], numbers)


def _length(expression: Expression | None, whole: int, numbers: Mapping[str, float]) -> int:
    return whole if expression is None else min(max(int(expression(numbers)), 1), LARGEST_SIDE)


def _dtype(spec: PassSpec) -> str:
    return "f4" if spec.float32 else "f2"


def _audio(context: Context, columns: float | None) -> Texture:
    size = (int(columns or AUDIO_COLUMNS), 1)
    return context.texture(size, 1, np.zeros(size[0], "f4").tobytes(), dtype="f4")


def _read_picture(path: Path) -> Image.Image:
    """An imported picture, RGBA, its last row first as OpenGL wants it."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST_PICTURE:
                raise IsfError(f"{path}: {image.width}×{image.height} pixels are more than a shader may import")
            return image.convert("RGBA").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    except (OSError, ValueError) as error:
        raise IsfError(f"{path}: no picture that can be read: {error}") from None

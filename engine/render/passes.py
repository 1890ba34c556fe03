"""One pass of the picture: an ISF shader on the GPU, with the buffers its PASSES name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import moderngl
import numpy as np
from moderngl import Context, Texture

from engine.errors import ReverieError
from engine.params import Parameter, Value
from engine.render.budgets import LARGEST_SIDE
from engine.render.buffers import Buffer, Copy
from engine.render.draw import Size, Surface
from engine.render.isf import PassSpec, Shader
from engine.render.pictures import read_pictures
from engine.render.program import PassProgram
from engine.render.sizes import fitting_sizes

Values = Mapping[str, Value]

AUDIO_COLUMNS = 256
TURN = 4096.0
MOST_FRAMES = 2**24
MOST_GL_ERRORS = 8  # kept by a driver; a lost context has one more for ever


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


def pass_parameters(shader: Shader, name: str, initial: Mapping[str, object], prefix: str) -> list[Parameter]:
    """One parameter an input of a pass, below `prefix`; defaults are the show file's where `initial` gives one.

    Raises ReverieError where that does not fit.
    """
    declared = {i.name: i.parameter(prefix) for i in shader.inputs if not i.is_image}
    for key, raw in initial.items():
        if key not in declared:
            names = ", ".join(declared) or "no inputs"
            raise ReverieError(f"pass {name} has no input {key!r}; {shader.path.name} has {names}")
        declared[key] = replace(declared[key], default=declared[key].coerce(raw, clamp=False))
    return list(declared.values())


class ShaderPass:
    """A compiled shader. Display thread only; release with `close`.

    Every image input reads the picture as it reaches this pass. Raises IsfError where the shader does not compile or
    its pictures cannot be read, and moderngl.Error where the GPU refuses them.
    """

    def __init__(self, copy: Copy, shader: Shader) -> None:
        self.shader = shader
        self._context = context = copy.context
        self._copy = copy
        self._longest_side = int(context.info["GL_MAX_TEXTURE_SIZE"])
        self._programs: list[PassProgram] = []
        self._pictures: dict[str, Texture] = {}
        self._audio: dict[str, Texture] = {}
        self._buffers: dict[str, Buffer] = {}
        self._proven = False
        try:
            for index in range(len(shader.passes)):
                self._programs.append(PassProgram(context, shader, index))
            for name, picture in read_pictures(shader.imported, self._longest_side):
                self._pictures[name] = context.texture(picture.size, 4, picture.tobytes())
            for item in shader.inputs:
                if item.type in ("audio", "audioFFT"):
                    self._audio[item.name] = _audio(context, item.maximum)
        except Exception:
            self.close()
            raise

    def render(self, image: Texture, target: Surface, values: Values, moment: Moment) -> Texture:
        """Draw all PASSES over `image` and return the last one's result: `target`'s texture, or a buffer's own.

        Raises moderngl.Error for what the GPU refuses, be it noted by moderngl or only by the driver. The driver is
        asked where something is new, since each question may cost a wait.
        """
        resized = self._fit_buffers(target.size, values)
        if resized or not self._proven:
            forget_gl_errors(self._context)
        result = self._draw_all(image, target, values, moment)
        if resized or not self._proven:
            raise_gl_error(self._context)
            self._proven = True
        return result

    def adopt(self, other: "ShaderPass") -> None:
        """Take over the buffers of the version this one replaces, where they still fit."""
        kinds = {name: self._dtype(name) for name in self.shader.targets}
        for name in [n for n, b in other._buffers.items() if kinds.get(n) == b.front.dtype]:
            self._buffers[name] = other._buffers.pop(name)

    def forget(self) -> None:
        """Be as before the first frame: release what its buffers hold."""
        for buffer in self._buffers.values():
            buffer.release()
        self._buffers.clear()

    def close(self) -> None:
        """Release everything on the GPU."""
        for owned in (self._buffers, self._pictures, self._audio):
            for thing in owned.values():
                thing.release()
            owned.clear()
        for program in self._programs:
            program.release()

    def _draw_all(self, image: Texture, target: Surface, values: Values, moment: Moment) -> Texture:
        uniforms = self._uniforms(values, moment)
        result = target.texture
        for program, spec in zip(self._programs, self.shader.passes, strict=True):
            for name, value in uniforms.items():
                program.set(name, value)
            result = self._draw(program, spec, image, target)
        return result

    def _uniforms(self, values: Values, moment: Moment) -> dict[str, object]:
        given: dict[str, object] = {i.name: i.uniform(values[i.name]) for i in self.shader.inputs if not i.is_image}
        time = shader_time(moment.time)
        given |= {"TIME": time, "TIMEDELTA": moment.delta, "FRAMEINDEX": moment.index % MOST_FRAMES}
        given["DATE"] = (1.0, 1.0, 1.0, time)  # the picture knows show time, never the calendar
        return given

    def _fit_buffers(self, whole: Size, values: Values) -> bool:
        """All buffers, before any pass reads one that a later pass draws; whether any of them is new or resized.

        Those that shrink make room for those that grow.
        """
        sizes = fitting_sizes(self.shader, whole, values, min(LARGEST_SIDE, self._longest_side))
        present = {name: buffer.front.size for name, buffer in self._buffers.items()}
        changed = [name for name, size in sizes.items() if present.get(name) != size]
        for name in sorted(changed, key=lambda name: _area(sizes[name]) - _area(present.get(name, (0, 0)))):
            if name in self._buffers:
                self._buffers[name].resize(sizes[name], self._copy)
            else:
                self._buffers[name] = Buffer(self._context, sizes[name], self._dtype(name))
        return bool(changed)

    def _dtype(self, target: str) -> str:
        return "f4" if target in self.shader.float_targets else "f2"

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


def forget_gl_errors(context: Context) -> None:
    """Clear what the driver has noted so far."""
    for _ in range(MOST_GL_ERRORS):
        if context.error == "GL_NO_ERROR":
            return


def raise_gl_error(context: Context) -> None:
    """Raise moderngl.Error for what the driver has noted since."""
    noted = context.error
    if noted != "GL_NO_ERROR":
        forget_gl_errors(context)
        raise moderngl.Error(f"the graphics driver says {noted}")


def _area(size: Size) -> int:
    return size[0] * size[1]


def _audio(context: Context, columns: float | None) -> Texture:
    size = (int(columns or AUDIO_COLUMNS), 1)
    return context.texture(size, 1, np.zeros(size[0], "f4").tobytes(), dtype="f4")

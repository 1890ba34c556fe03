"""The ordered chain of shader passes, reloaded while it runs. A pass that fails costs itself and nothing else."""

import itertools
import re
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import structlog
from moderngl import Context, Texture

from engine.errors import ReverieError
from engine.params import Parameter
from engine.render.buffers import Copy
from engine.render.draw import Draw, Size, Surface
from engine.render.files import Stamp, stamp
from engine.render.header import load
from engine.render.isf import Shader, Sources
from engine.render.library import find_shader
from engine.render.passes import Moment, ShaderPass, forget_gl_errors, pass_parameters
from engine.render.precautions import NONE, Precautions
from engine.render.slot import Lookup, Slot

log = structlog.get_logger(__name__)

BLEND = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;
void main() { colour = mix(texture(before, uv), texture(after, uv), amount); }
"""


class TooSlowError(ReverieError):
    """A pass that would hold up the whole picture."""


@dataclass(frozen=True, slots=True)
class PassRequest:
    """One line of a show's `passes`: a shader by name or path, values for its inputs, and its file where it is known
    already: with `Precautions.instead`, there need be none.
    """

    shader: str
    values: Mapping[str, object] = field(default_factory=dict)
    file: Path | None = None


class PassChain:
    """Shader passes in order. Display thread only; release with `close`.

    `errors` holds, by pass, why what is in its file does not run: the version before it runs on, or the pass is
    disabled and the picture goes past it. Either way the file is tried again when it has been edited.

    Raises ReverieError where a shader is missing, does not compile, or has no such input.
    """

    def __init__(
        self, context: Context, requests: Iterable[PassRequest], size: Size,
        show_folder: Path | None = None, precautions: Precautions = NONE,
    ) -> None:  # fmt: skip
        self._context = context
        self._precautions = precautions
        self.errors: dict[str, str] = {}
        self.quality = 1.0  # the share of what the artist gives to inputs of that name
        self._copy = Copy(context)
        self._blend = Draw(context, BLEND)
        self._scratch = _scratch(context, size)
        self._slots: list[Slot] = []
        try:
            self._fill(requests, show_folder)
        except ReverieError:
            self.close()
            raise

    @property
    def names(self) -> list[str]:
        """Names of the passes, in order."""
        return [slot.name for slot in self._slots]

    @property
    def has_quality(self) -> bool:
        """Whether any pass can be rendered with less quality."""
        return any(slot.has_quality() for slot in self._slots)

    def parameters(self) -> list[Parameter]:
        """Every input of every pass as `/passes/NAME/INPUT`, and each pass's `/passes/NAME/mix`."""
        return [parameter for slot in self._slots for parameter in slot.parameters()]

    def texts(self, name: str) -> Sources | None:
        """The texts of the version of a pass that runs; None where none does."""
        slot = next(slot for slot in self._slots if slot.name == name)
        return slot.shader.sources if slot.running else None

    def render(self, texture: Texture, lookup: Lookup, time: float, delta: float, frame_index: int) -> Texture:
        """The picture after all passes. `lookup` gives the value in force at an address; seconds are of show time."""
        moment = Moment(time, delta, frame_index)
        for slot in self._slots:
            if slot.running:
                try:
                    texture = self._render_slot(slot, slot.running, texture, lookup, moment)
                except Exception as error:  # noqa: BLE001 - whatever a pass does, the show goes on without it
                    self._disable(slot, error)
        return texture

    def resize(self, size: Size) -> None:
        """Draw at another size from now on; what buffers hold is scaled, not lost."""
        for surface in self._scratch:
            surface.release()
        self._scratch = _scratch(self._context, size)

    def reload_changed(self) -> list[str]:
        """Take up shader files that were edited and return their passes' names.

        Declare the parameters anew before the next frame. A file that is broken leaves the running version in place and
        its error in `errors`.
        """
        return [slot.name for slot in self._slots if self._reload(slot)]

    def close(self) -> None:
        """Release everything on the GPU."""
        for slot in self._slots:
            if slot.running:
                slot.running.close()
        for surface in self._scratch:
            surface.release()
        self._slots, self._scratch = [], []
        self._blend.release()
        self._copy.release()

    def _fill(self, requests: Iterable[PassRequest], show_folder: Path | None) -> None:
        found = [(r.file or find_shader(r.shader, show_folder), r.values) for r in requests]
        for name, (path, values) in zip(pass_names(path for path, _ in found), found, strict=True):
            marker = _stamp(path)
            slot = Slot(name, path, marker, values, self._precautions.shader(name, path))
            self._slots.append(slot)
            slot.parameters()  # refuses values that do not fit
            if name in self._precautions.left_out:
                self.errors[name] = self._precautions.left_out[name]
            else:
                self._begin(slot)

    def _begin(self, slot: Slot) -> None:
        """Have the pass run. What is wrong with the file stops the start; what the GPU refuses disables the pass."""
        if slot.name in self._precautions.instead:
            self.errors[slot.name] = f"{slot.path}: the version before it runs; edit the file and it is tried again"
        try:
            slot.running = self._prepared(slot, slot.shader)
        except TooSlowError as error:
            self._disable(slot, error)
        except ReverieError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `render`
            self._disable(slot, error)

    def _prepared(self, slot: Slot, shader: Shader) -> ShaderPass:
        """The shader compiled and drawn once, at the real size, with nothing left of that picture."""
        parameters = pass_parameters(shader, slot.name, slot.initial, "")
        values = {parameter.address.removeprefix("/"): parameter.default for parameter in parameters}
        before, target = self._scratch[:2]
        self._precautions.try_out(slot.name, shader.sources)
        with self._precautions.marked(slot.name, self._context):
            fresh = ShaderPass(self._copy, shader)
            try:
                for _ in range(2):  # the first time, much of it is the compiler's
                    began = perf_counter()
                    fresh.render(before.texture, target, values, Moment(0.0, 0.0, 0))
                    self._context.finish()
                    seconds = perf_counter() - began
                    if seconds <= self._precautions.slowest:
                        break
                else:
                    raise TooSlowError(f"takes {seconds:.0f} s for one picture; make it lighter")
                fresh.forget()
            except Exception:
                fresh.close()
                raise
        return fresh

    def _render_slot(
        self, slot: Slot, running: ShaderPass, texture: Texture, lookup: Lookup, moment: Moment
    ) -> Texture:
        mix = slot.mix(lookup)
        if mix <= 0.0:
            return texture
        with self._precautions.marked(slot.name, self._context) if self._precautions.careful else nullcontext():
            wet = running.render(texture, self._free(texture), slot.values(lookup, self.quality), moment)
        if mix >= 1.0:
            return wet
        blended = self._free(texture, wet)
        self._blend(blended, before=texture, after=wet, amount=mix)
        return blended.texture

    def _free(self, *busy: Texture) -> Surface:
        return next(s for s in self._scratch if not any(s.texture is texture for texture in busy))

    def _disable(self, slot: Slot, error: Exception) -> None:
        if slot.running:
            slot.running.close()
            slot.running = None
        self._mend()
        self.errors[slot.name] = f"{slot.path}: disabled: {_sentence(error)}; edit the file and it is tried again"
        log.warning("shader_disabled", shader=slot.name, error=self.errors[slot.name])

    def _mend(self) -> None:
        """Let what follows begin in a sane state of OpenGL, whatever failed halfway."""
        forget_gl_errors(self._context)
        self._scratch[0].framebuffer.use()

    def _reload(self, slot: Slot) -> bool:
        marker = _stamp(slot.path)
        if marker == slot.stamp:
            return False
        slot.stamp = marker
        try:
            shader = load(slot.path)
            fresh = self._prepared(slot, shader)
        except Exception as error:  # noqa: BLE001 - whatever an edit does, the version before it runs on
            self._mend()
            too_slow = isinstance(error, TooSlowError)
            self.errors[slot.name] = f"{slot.path}: {error}" if too_slow else _sentence(error)
            running = "the version before it" if slot.running else "nothing"
            log.warning("shader_refused", shader=slot.name, error=self.errors[slot.name], running=running)
            return False
        if slot.running:
            fresh.adopt(slot.running)
            slot.running.close()
        slot.shader, slot.running = shader, fresh
        self.errors.pop(slot.name, None)
        log.info("shader_reloaded", shader=slot.name)
        return True


def pass_names(paths: Iterable[Path]) -> list[str]:
    """What the passes of these files are called in addresses: as their files, the second of a kind `flow-2`."""
    names: list[str] = []
    for path in paths:
        names.append(_free_name(path.stem, names))
    return names


def _free_name(stem: str, taken: list[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem)
    names = (plain if n == 1 else f"{plain}-{n}" for n in itertools.count(1))
    return next(name for name in names if name not in taken)


def _scratch(context: Context, size: Size) -> list[Surface]:
    """Three: what a pass reads, what it draws, and the blend of both."""
    return [Surface(context, size) for _ in range(3)]


def _stamp(path: Path) -> Stamp:
    return stamp(path, path.with_suffix(".vs"))


def _sentence(error: Exception) -> str:
    """What people are told; a name of Python's says little, but more than nothing."""
    if isinstance(error, ReverieError):
        return str(error)
    return "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"

"""The ordered chain of shader passes, reloaded while it runs."""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from moderngl import Context, Texture

from engine.errors import ReverieError
from engine.params import Parameter, Value
from engine.render.buffers import Copy
from engine.render.draw import Draw, Size, Surface
from engine.render.header import load
from engine.render.library import find_shader
from engine.render.passes import Moment, ShaderPass

Lookup = Callable[[str], Value]
Stamp = tuple[tuple[int, int], ...]

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


@dataclass(frozen=True, slots=True)
class PassRequest:
    """One line of a show's `passes`: a shader by name or path, and values for its inputs."""

    shader: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class _Slot:
    """One place in the chain: the shader running there and the file it came from."""

    shader_pass: ShaderPass
    path: Path
    stamp: Stamp
    initial: Mapping[str, object]

    @property
    def prefix(self) -> str:
        return f"/passes/{self.shader_pass.name}"

    def has_own_mix(self) -> bool:
        return any(i.name == "mix" for i in self.shader_pass.shader.inputs)

    def parameters(self) -> list[Parameter]:
        help_text = "How much of this pass is seen; 0 leaves it out and costs nothing"
        mix = Parameter(f"{self.prefix}/mix", "float", 1.0, 0.0, 1.0, label="Mix", help=help_text)
        return self.shader_pass.parameters(self.prefix) + ([] if self.has_own_mix() else [mix])

    def values(self, lookup: Lookup) -> dict[str, Value]:
        inputs = (i for i in self.shader_pass.shader.inputs if not i.is_image)
        return {i.name: lookup(f"{self.prefix}/{i.name}") for i in inputs}

    def mix(self, lookup: Lookup) -> float:
        value = 1.0 if self.has_own_mix() else lookup(f"{self.prefix}/mix")
        assert isinstance(value, int | float)
        return value


class PassChain:
    """Shader passes in order. Display thread only; release with `close`.

    `errors` holds, by pass, what is wrong with a file that changed under a running show: the version before it runs on.
    Raises ReverieError where a shader is missing, does not compile, or has no such input.
    """

    def __init__(
        self, context: Context, requests: Iterable[PassRequest], size: Size, show_folder: Path | None = None
    ) -> None:
        self._context = context
        self.errors: dict[str, str] = {}
        self._copy = Copy(context)
        self._blend = Draw(context, BLEND)
        self._scratch = _scratch(context, size)
        self._slots: list[_Slot] = []
        try:
            self._fill(requests, show_folder)
        except ReverieError:
            self.close()
            raise

    @property
    def names(self) -> list[str]:
        """Names of the passes, in order."""
        return [slot.shader_pass.name for slot in self._slots]

    def parameters(self) -> list[Parameter]:
        """Every input of every pass as `/passes/NAME/INPUT`, and each pass's `/passes/NAME/mix`."""
        return [parameter for slot in self._slots for parameter in slot.parameters()]

    def render(self, texture: Texture, lookup: Lookup, time: float, delta: float, frame_index: int) -> Texture:
        """The picture after all passes. `lookup` gives the value in force at an address; seconds are of show time."""
        moment = Moment(time, delta, frame_index)
        for slot in self._slots:
            mix = slot.mix(lookup)
            if mix > 0.0:
                texture = self._render_slot(slot, texture, mix, lookup, moment)
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
        return [slot.shader_pass.name for slot in self._slots if self._reload(slot)]

    def close(self) -> None:
        """Release everything on the GPU."""
        for slot in self._slots:
            slot.shader_pass.close()
        for surface in self._scratch:
            surface.release()
        self._slots, self._scratch = [], []
        self._blend.release()
        self._copy.release()

    def _fill(self, requests: Iterable[PassRequest], show_folder: Path | None) -> None:
        for request in requests:
            path = find_shader(request.shader, show_folder)
            name = _free_name(path.stem, self.names)
            stamp = _stamp(path)
            self._slots.append(_Slot(self._load(path, name, request.values), path, stamp, request.values))

    def _load(self, path: Path, name: str, values: Mapping[str, object]) -> ShaderPass:
        return ShaderPass(self._copy, load(path), name, values)

    def _render_slot(self, slot: _Slot, texture: Texture, mix: float, lookup: Lookup, moment: Moment) -> Texture:
        wet = slot.shader_pass.render(texture, self._free(texture), slot.values(lookup), moment)
        if mix >= 1.0:
            return wet
        blended = self._free(texture, wet)
        self._blend(blended, before=texture, after=wet, amount=mix)
        return blended.texture

    def _free(self, *busy: Texture) -> Surface:
        return next(s for s in self._scratch if not any(s.texture is texture for texture in busy))

    def _reload(self, slot: _Slot) -> bool:
        name, stamp = slot.shader_pass.name, _stamp(slot.path)
        if stamp == slot.stamp:
            return False
        slot.stamp = stamp
        try:
            fresh = self._load(slot.path, name, slot.initial)
        except Exception as error:  # noqa: BLE001 - whatever an edit does, the version before it runs on
            self.errors[name] = str(error) if isinstance(error, ReverieError) else f"{type(error).__name__}: {error}"
            log.warning("shader_refused", shader=name, error=self.errors[name], running="the version before it")
            return False
        fresh.adopt(slot.shader_pass)
        slot.shader_pass.close()
        slot.shader_pass = fresh
        self.errors.pop(name, None)
        log.info("shader_reloaded", shader=name)
        return True


def _free_name(stem: str, taken: list[str]) -> str:
    """What a pass is called in addresses: as its file, the second one `flow-2`."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem)
    names = (plain if n == 1 else f"{plain}-{n}" for n in itertools.count(1))
    return next(name for name in names if name not in taken)


def _scratch(context: Context, size: Size) -> list[Surface]:
    """Three: what a pass reads, what it draws, and the blend of both."""
    return [Surface(context, size) for _ in range(3)]


def _stamp(path: Path) -> Stamp:
    """Changes whenever the shader's files do, also when they vanish."""
    stamps = []
    for file in (path, path.with_suffix(".vs")):
        try:
            status = file.stat()
        except OSError:
            continue
        stamps.append((status.st_mtime_ns, status.st_size))
    return tuple(stamps)

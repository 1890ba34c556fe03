"""A compiled pass of an ISF shader: its uniforms by name, its textures by unit."""

from collections.abc import Callable
from typing import Any

import moderngl
from moderngl import Context, Texture

from engine.render.draw import Surface
from engine.render.glsl import compile_shader, glsl_name
from engine.render.isf import Shader
from engine.render.software import settle


class PassProgram:
    """What draws one entry of PASSES. Raises IsfError where it does not compile."""

    def __init__(self, context: Context, shader: Shader, index: int) -> None:
        self._program = compile_shader(context, shader, index)
        self._quad = context.vertex_array(self._program, [])
        self._settle = settle(context)
        self._set: dict[str, object] = {}
        self._uniforms: dict[str, Any] = {member: self._program[member] for member in self._program}
        names = [i.name for i in shader.inputs if i.is_image] + [*shader.imported, *shader.targets]
        self._samplers = [name for name in names if glsl_name(name) in self._uniforms]
        for unit, name in enumerate(self._samplers):
            self.set(name, unit)

    def set(self, name: str, value: object) -> None:
        """Set an input or built-in; one that the compiler dropped, since the shader does not use it, is passed over."""
        uniform = self._uniforms.get(glsl_name(name))
        if uniform is not None and self._set.get(name) != value:
            uniform.value = value
            self._set[name] = value

    def draw(self, surface: Surface, texture: Callable[[str], Texture]) -> None:
        """Draw over all of `surface`; `texture` gives what a sampler of that name reads."""
        self.set("RENDERSIZE", tuple(map(float, surface.size)))
        for unit, name in enumerate(self._samplers):
            texture(name).use(unit)
        surface.framebuffer.use()
        self._quad.render(moderngl.TRIANGLE_STRIP, vertices=4)
        self._settle()

    def release(self) -> None:
        """Give the program back."""
        self._quad.release()
        self._program.release()

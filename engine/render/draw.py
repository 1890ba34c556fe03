"""Drawing one fragment shader over the whole of a texture: all the geometry this engine needs."""

from typing import Any

import moderngl

from engine.render.software import settle

Size = tuple[int, int]

VERTEX = """
#version 330
out vec2 uv;
void main() {
    uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    gl_Position = vec4(uv * 2.0 - 1.0, 0.0, 1.0);
}
"""

COPY = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D image;
void main() { colour = texture(image, uv); }
"""


class Surface:
    """A texture one can draw into; starts transparent black.

    `dtype` is moderngl's: "f1" for 8 bits a channel, "f2" for half and "f4" for single floats.
    """

    def __init__(self, context: moderngl.Context, size: Size, dtype: str = "f2") -> None:
        self.size = size
        self.dtype = dtype
        self.texture = context.texture(size, 4, dtype=dtype)
        self.texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self.texture.repeat_x = self.texture.repeat_y = False
        try:
            self.framebuffer = context.framebuffer([self.texture])
        except moderngl.Error:  # no memory for the texture, as a rule
            self.texture.release()
            raise
        self.framebuffer.clear()

    def release(self) -> None:
        """Give the memory back; the surface is of no use afterwards."""
        self.framebuffer.release()
        self.texture.release()


class Draw:
    """One fragment shader, drawn over a whole surface with one triangle, or over what a vertex shader makes of
    `vertices`, three a triangle.
    """

    def __init__(self, context: moderngl.Context, fragment: str, vertex: str = VERTEX, vertices: int = 3) -> None:
        self._program = context.program(vertex_shader=vertex.strip(), fragment_shader=fragment.strip())
        self._triangles = context.vertex_array(self._program, [])
        self._vertices = vertices
        self._settle = settle(context)
        self._set: dict[str, Any] = {}

    def __call__(self, target: Surface, **uniforms: Any) -> None:
        """Draw over `target`. Textures among the uniforms are bound, others set; the shader must use each."""
        self.onto(target.framebuffer, **uniforms)

    def onto(self, framebuffer: moderngl.Framebuffer, **uniforms: Any) -> None:
        """The same onto a framebuffer, within its viewport."""
        unit = 0
        for name, value in uniforms.items():
            if isinstance(value, moderngl.Texture):
                value.use(unit)
                value, unit = unit, unit + 1
            if self._set.get(name) != value:
                uniform: Any = self._program[name]
                uniform.value = self._set[name] = value
        framebuffer.use()
        self._triangles.render(vertices=self._vertices)
        self._settle()

    def release(self) -> None:
        """Give the program back."""
        self._triangles.release()
        self._program.release()

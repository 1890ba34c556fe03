"""Keeps flashes within WCAG 2.3.1 and ITU-R BT.1702, whatever the picture does: the part of safety that moves light.

Where `flicker.py` says that a cell is limited, each pixel goes from what it showed towards what is wanted by one share
of all three channels, so that none moves faster than the cell allows. Light is linear here, where means and blends of
colours are what they are on the wall: what holds for each pixel holds for every area. On its way the wanted colour is
kept out of saturated red, a set whose complement is convex, so that blends stay out as well. Elsewhere nothing is drawn.
"""

import moderngl

from engine.render.buffers import Buffer, Copy
from engine.render.draw import Draw, Size, Surface
from engine.render.flicker import LONGEST_STEP, Flicker
from engine.render.flicker_glsl import FREE
from engine.render.light import DITHER, LIGHT, NUMBERS

# Two triangles for each cell that is limited, none for the others.
CELLS = f"""
#version 330
flat out vec4 limit;
uniform sampler2D limits;
void main() {{
    ivec2 cells = textureSize(limits, 0);
    int cell = gl_VertexID / 6, corner = gl_VertexID % 6;
    ivec2 here = ivec2(cell % cells.x, cell / cells.x);
    limit = texelFetch(limits, here, 0);
    ivec2 end = here + ivec2(corner == 1 || corner > 3, corner == 2 || corner == 3 || corner == 5);
    gl_Position = limit.x < {FREE:.1f} ? vec4(2.0 * vec2(end) / vec2(cells) - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}}
"""

MOVE = (
    "#version 330\n"
    + LIGHT
    + NUMBERS
    + """
flat in vec4 limit;
out vec4 colour;
uniform sampler2D image;   // wanted, sRGB
uniform sampler2D shown;   // before, sRGB of 8 bits
uniform sampler2D moved;   // the same in linear light, where it was limited
uniform float step_s, slow;

vec3 not_red(vec3 c) {
    return c + vec3(0.0, 0.5, 0.5) * max(c.r / 3.0 - c.g - c.b, 0.0) * min(8.0 * slow / limit.x, 1.0);
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    vec3 old = limit.y > 0.0 ? texelFetch(moved, here, 0).rgb : to_linear(texelFetch(shown, here, 0).rgb);
    vec3 wanted = texelFetch(image, here, 0).rgb;
    vec3 way = is_number(wanted) ? not_red(to_linear(clamp(wanted, 0.0, 1.0))) - old : vec3(0.0);
    float longest = max(max(abs(way.r), abs(way.g)), abs(way.b)), reach = max(limit.x, slow) * step_s;
    colour = vec4(old + way * (longest > reach ? reach / longest : 1.0), 1.0);
}
"""
)

SHOW = (
    "#version 330\n"
    + LIGHT
    + DITHER
    + """
flat in vec4 limit;
out vec4 colour;
uniform sampler2D moved;
void main() { colour = vec4(dithered(from_linear(texelFetch(moved, ivec2(gl_FragCoord.xy), 0).rgb)), 1.0); }
"""
)


class Limiter:
    """Draws what limited cells show. Display thread only; release with `close`."""

    def __init__(self, context: moderngl.Context, size: Size, flicker: Flicker) -> None:
        self._flicker = flicker
        vertices = 6 * flicker.cells[0] * flicker.cells[1]
        self._move = Draw(context, MOVE, CELLS, vertices)
        self._show = Draw(context, SHOW, CELLS, vertices)
        self._moved = Buffer(context, size, "f4")

    def move(self, image: moderngl.Texture, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Find what limited cells show next. `image` is wanted, `shown` the frame before, `step` display time."""
        self._move(
            self._moved.back, limits=self._flicker.limits.front.texture, image=image, shown=shown,
            moved=self._moved.front.texture, step_s=min(step, LONGEST_STEP),
            slow=self._flicker.slow(strictness),
        )  # fmt: skip
        self._moved.swap()

    def show(self, target: Surface) -> None:
        """Draw it over a frame that is not limited yet."""
        self._show(target, limits=self._flicker.limits.front.texture, moved=self._moved.front.texture)

    def resize(self, size: Size, copy: Copy) -> None:
        """Go on at another size with the same picture."""
        self._moved.resize(size, copy)

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._move, self._show, self._moved):
            thing.release()

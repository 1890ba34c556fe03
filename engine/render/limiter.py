"""Keeps flashes within WCAG 2.3.1 and ITU-R BT.1702, whatever the picture does: the part of safety that moves light.

Where `flicker.py` says that a cell is limited, each pixel goes from what it showed towards what is wanted by one share
of all three channels, so that none moves faster than the cell allows: slowly where light rises, within a second where
it falls. A fall that no rise follows is no flash, and so a strobe soon shows the darker of its states, which as a rule
is the picture, everywhere alike. Light is linear here, where means and blends of colours are what they are on the wall:
what holds for each pixel holds for every area. The wanted colour is kept out of saturated red; the colours outside are
a convex set, so that blends stay there. Elsewhere nothing is drawn.
"""

from typing import Any

import moderngl

from engine.render.buffers import Buffer, Copy
from engine.render.draw import Draw, Size, Surface
from engine.render.flicker import LONGEST_STEP, Flicker
from engine.render.flicker_glsl import FREE
from engine.render.light import DITHER, LIGHT, LUMINANCE, NUMBERS

FALLING = 2.0  # full scales per second by which light may fall where it is limited

# The whole picture where any cell is limited, else nothing: small triangles would cost more than they leave out.
ANYWHERE = f"""
#version 330
uniform sampler2D slowest;
void main() {{
    vec2 uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    bool limited = texelFetch(slowest, ivec2(0), 0).x < {FREE:.1f};
    gl_Position = limited ? vec4(uv * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}}
"""

HERE = f"""
#version 330
uniform sampler2D limits;

bool limited() {{
    ivec2 cells = textureSize(limits, 0);
    for (int i = 0; i < cells.x * cells.y; i++)
        if (texelFetch(limits, ivec2(i % cells.x, i / cells.x), 0).x < {FREE:.1f}) return true;
    return false;
}}

void main() {{
    vec2 uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    gl_Position = limited() ? vec4(uv * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}}
"""

HERE = f"""
uniform sampler2D limits;
uniform vec2 cells_a_pixel;

vec4 limit_here() {{ return texelFetch(limits, ivec2(gl_FragCoord.xy * cells_a_pixel), 0); }}

bool is_free(vec4 limit) {{ return limit.x >= {FREE:.1f}; }}
"""

MOVE = (
    "#version 330\n"
    + LIGHT
    + LUMINANCE
    + NUMBERS
    + HERE
    + """
out vec4 colour;
uniform sampler2D image;   // wanted, sRGB
uniform sampler2D shown;   // before, sRGB of 8 bits
uniform sampler2D moved;   // the same in linear light, where it was limited
uniform float step_s, slow, falling;

vec3 not_red(vec3 c, float speed) {
    return c + vec3(0.0, 0.5, 0.5) * max(c.r / 3.0 - c.g - c.b, 0.0) * min(8.0 * slow / speed, 1.0);
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    vec4 limit = limit_here();
    if (is_free(limit)) discard;
    vec3 old = limit.y > 0.0 ? texelFetch(moved, here, 0).rgb : to_linear(texelFetch(shown, here, 0).rgb);
    vec3 wanted = texelFetch(image, here, 0).rgb;
    vec3 way = is_number(wanted) ? not_red(to_linear(clamp(wanted, 0.0, 1.0)), limit.x) - old : vec3(0.0);
    float rising = max(limit.x, slow), speed = luminance(way) < 0.0 ? max(rising, falling) : rising;
    float longest = max(max(abs(way.r), abs(way.g)), abs(way.b)), reach = speed * step_s;
    colour = vec4(old + way * (longest > reach ? reach / longest : 1.0), 1.0);
}
"""
)

SHOW = (
    "#version 330\n"
    + LIGHT
    + DITHER
    + HERE
    + """
out vec4 colour;
uniform sampler2D moved;
void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    if (is_free(limit_here())) discard;
    colour = vec4(dithered(from_linear(texelFetch(moved, here, 0).rgb)), 1.0);
}
"""
)


class Limiter:
    """Draws what limited cells show. Display thread only; release with `close`."""

    def __init__(self, context: moderngl.Context, size: Size, flicker: Flicker) -> None:
        self._flicker = flicker
        self._move = Draw(context, MOVE, ANYWHERE)
        self._show = Draw(context, SHOW, ANYWHERE)
        self._moved = Buffer(context, size, "nu2")

    def move(self, image: moderngl.Texture, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Find what limited cells show next. `image` is wanted, `shown` the frame before, `step` display time."""
        self._move(
            self._moved.back, **self._limits(image.size), image=image, shown=shown,
            moved=self._moved.front.texture, step_s=min(step, LONGEST_STEP),
            slow=self._flicker.slow(strictness), falling=FALLING,
        )  # fmt: skip
        self._moved.swap()

    def show(self, target: Surface) -> None:
        """Draw it over a frame that is not limited yet."""
        self._show(target, **self._limits(target.size), moved=self._moved.front.texture)

    def resize(self, size: Size, copy: Copy) -> None:
        """Go on at another size with the same picture."""
        self._moved.resize(size, copy)

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._move, self._show, self._moved):
            thing.release()

    def _limits(self, size: Size) -> dict[str, Any]:
        cells = self._flicker.cells
        return {
            "slowest": self._flicker.slowest.texture,
            "limits": self._flicker.limits.front.texture,
            "cells_a_pixel": (cells[0] / size[0], cells[1] / size[1]),
        }

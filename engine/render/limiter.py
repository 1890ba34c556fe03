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

# The whole picture or nothing: small triangles would cost more than they leave out.
WHOLE = """
#version 330
uniform sampler2D speeds;
void main() {
    vec2 uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    bool drawn = wanted(texelFetch(speeds, ivec2(0), 0).xyz);
    gl_Position = drawn ? vec4(uv * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
"""


def where(condition: str) -> str:
    """A vertex shader that draws the whole where this holds of `speeds`, see Flicker."""
    return WHOLE.replace("void main", f"bool wanted(vec3 speeds) {{ return {condition}; }}\n\nvoid main")


ANYWHERE, BEGINNING, NOT_EVERYWHERE = (
    where(condition) for condition in (f"speeds.x < {FREE:.1f}", "speeds.y > 0.0", f"speeds.z >= {FREE:.1f}")
)

HERE = f"""
uniform sampler2D limits;
uniform vec2 cells_a_pixel;

vec4 limit_here() {{ return texelFetch(limits, ivec2(gl_FragCoord.xy * cells_a_pixel), 0); }}

bool is_free(vec4 limit) {{ return limit.x >= {FREE:.1f}; }}
"""

BEGIN = (
    "#version 330\n"
    + LIGHT
    + HERE
    + """
out vec4 colour;
uniform sampler2D shown;  // before, sRGB of 8 bits
void main() {
    if (limit_here().y == 0.0) discard;
    colour = vec4(to_linear(texelFetch(shown, ivec2(gl_FragCoord.xy), 0).rgb), 1.0);
}
"""
)

MOVE = (
    "#version 330\n"
    + LIGHT
    + LUMINANCE
    + NUMBERS
    + DITHER
    + HERE
    + """
layout(location = 0) out vec4 next;
layout(location = 1) out vec4 levels;
uniform sampler2D image;   // wanted, sRGB
uniform sampler2D moved;   // what was shown before, in linear light
uniform float step_s, slow, falling;

vec3 not_red(vec3 c, float speed) {
    return c + vec3(0.0, 0.5, 0.5) * max(c.r / 3.0 - c.g - c.b, 0.0) * min(8.0 * slow / speed, 1.0);
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    vec4 limit = limit_here();
    if (is_free(limit)) discard;
    vec3 old = texelFetch(moved, here, 0).rgb, wanted = texelFetch(image, here, 0).rgb;
    vec3 way = is_number(wanted) ? not_red(to_linear(clamp(wanted, 0.0, 1.0)), limit.x) - old : vec3(0.0);
    float speed = luminance(way) < 0.0 ? max(limit.x, falling) : limit.x;
    float longest = max(max(abs(way.r), abs(way.g)), abs(way.b)), reach = speed * step_s;
    next = vec4(old + way * (longest > reach ? reach / longest : 1.0), 1.0);
    levels = vec4(dithered(from_linear(next.rgb)), 1.0);
}
"""
)


class Limiter:
    """Draws what limited cells show. Display thread only; release with `close`."""

    def __init__(self, context: moderngl.Context, size: Size, flicker: Flicker) -> None:
        self._context, self._flicker = context, flicker
        self._begin = Draw(context, BEGIN, BEGINNING)
        self._move = Draw(context, MOVE, ANYWHERE)
        self._moved = Buffer(context, size, "nu2")
        self._targets: dict[Surface, moderngl.Framebuffer] = {}

    def begin(self, shown: moderngl.Texture) -> None:
        """Take over from `shown`, the frame before, where cells are limited since this frame."""
        self._begin(self._moved.front, **self._limits(shown.size), shown=shown)

    def move(self, image: moderngl.Texture, target: Surface, step: float, strictness: float) -> None:
        """Draw what limited cells show next over `target`, where all is as it is wanted. `image` is wanted, `step`
        display time.
        """
        self._move.onto(
            self._onto(target), **self._limits(image.size), image=image, moved=self._moved.front.texture,
            step_s=min(step, LONGEST_STEP), slow=self._flicker.slow(strictness), falling=FALLING,
        )  # fmt: skip
        self._moved.swap()

    def resize(self, size: Size, copy: Copy) -> None:
        """Go on at another size with the same picture, and another target."""
        self._forget_targets()
        self._moved.resize(size, copy)

    def close(self) -> None:
        """Release everything on the GPU."""
        self._forget_targets()
        for thing in (self._begin, self._move, self._moved):
            thing.release()

    def _onto(self, target: Surface) -> moderngl.Framebuffer:
        back = self._moved.back
        if back not in self._targets:
            self._targets[back] = self._context.framebuffer([back.texture, target.texture])
        return self._targets[back]

    def _forget_targets(self) -> None:
        for framebuffer in self._targets.values():
            framebuffer.release()
        self._targets = {}

    def _limits(self, size: Size) -> dict[str, Any]:
        cells = self._flicker.cells
        return {
            "speeds": self._flicker.speeds.texture,
            "limits": self._flicker.limits.front.texture,
            "cells_a_pixel": (cells[0] / size[0], cells[1] / size[1]),
        }

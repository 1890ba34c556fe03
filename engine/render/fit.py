"""The generator's frame brought to the canvas: aspect, camera, and an upsampling that hides every pixel.

The kernel is a cubic of the Mitchell-Netravali family ("Reconstruction Filters in Computer Graphics", 1988), from
Catmull-Rom (crisp) to the B-spline (soft), applied along one axis and then the other: 8 reads a pixel instead of 16.
"""

from collections.abc import Callable
from typing import Any

import moderngl

from engine.params import Parameter, Value
from engine.render.camera import View
from engine.render.draw import Draw, Size, Surface
from engine.render.edges import Edges

Uniforms = dict[str, Any]

PARAMETERS = (
    Parameter("/picture/softness", "float", 0.6, 0.0, 1.0, label="Softness",
              help="How the generator's pixels are blended into the canvas: 0 crisp, 1 soft"),
    Parameter("/picture/edges", "float", 0.6, 0.0, 1.0, label="Edges",
              help="How far blurred outlines are drawn together where the picture is enlarged"),
)  # fmt: skip

RESAMPLE = """
#version 330
out vec4 colour;
uniform sampler2D image;
uniform ivec2 along;    // the axis to resample: (1, 0) or (0, 1)
uniform float share;    // of the picture that the canvas shows along it; above 1 where it shows more than all
uniform float middle;   // where in the picture the canvas's middle is along it
uniform float pixels;   // of the canvas along it
uniform float softness;
uniform bool mirrored;

float near(float x) {
    float b = softness, c = 0.5 * (1.0 - softness);
    return (((12.0 - 9.0 * b - 6.0 * c) * x + (-18.0 + 12.0 * b + 6.0 * c)) * x * x + (6.0 - 2.0 * b)) / 6.0;
}

float far(float x) {
    float b = softness, c = 0.5 * (1.0 - softness);
    return ((((-b - 6.0 * c) * x + 6.0 * b + 30.0 * c) * x - 12.0 * b - 48.0 * c) * x + 8.0 * b + 24.0 * c) / 6.0;
}

vec3 texel(int i, int size) {
    ivec2 place = ivec2(gl_FragCoord.xy) * (1 - along) + along * clamp(i, 0, size - 1);
    return texelFetch(image, place, 0).rgb;
}

vec3 filtered(float at, int size);

void main() {
    float place = (dot(gl_FragCoord.xy, vec2(along)) / pixels - 0.5) * share + middle;
    float outside = mirrored ? 0.0 : max(abs(place - 0.5) - 0.5, 0.0);
    if (mirrored) place = abs(place - 2.0 * floor(0.5 * place + 0.5));
    int size = along.x * textureSize(image, 0).x + along.y * textureSize(image, 0).y;
    vec3 sum = filtered(place * float(size) - 0.5, size);
    colour = vec4(clamp(sum, 0.0, 1.0) * exp(-9.0 * outside), 1.0);
}
"""

ENLARGE = """
vec3 filtered(float at, int size) {
    int i = int(floor(at));
    float x = at - floor(at);
    return far(1.0 + x) * texel(i - 1, size) + near(x) * texel(i, size)
        + near(1.0 - x) * texel(i + 1, size) + far(2.0 - x) * texel(i + 2, size);
}
"""

SHRINK = """
vec3 filtered(float at, int size) {
    float reach = max(share * float(size) / pixels, 1.0);  // the kernel is as wide as a pixel of the canvas
    vec4 sum = vec4(0.0);
    for (int i = int(ceil(at - 2.0 * reach)); i <= int(floor(at + 2.0 * reach)); i++) {
        float x = abs(float(i) - at) / reach;
        sum += (x < 1.0 ? near(x) : far(min(x, 2.0))) * vec4(texel(i, size), 1.0);
    }
    return sum.rgb / sum.a;
}
"""


class Fit:
    """Resamples a texture of any size and aspect to the canvas. Display thread only."""

    def __init__(self, context: moderngl.Context, size: Size) -> None:
        self._context = context
        self._enlarge = Draw(context, RESAMPLE + ENLARGE)
        self._shrink = Draw(context, RESAMPLE + SHRINK)
        self._rows = Surface(context, size)
        self._whole = Surface(context, size)
        self._edges = Edges(context)

    def render(self, image: moderngl.Texture, view: View, softness: float, edges: float) -> moderngl.Texture:
        """`image` at the canvas size, RGBA16F."""
        width, height = self._whole.size
        across, up = (share / view.zoom for share in _shares(image.width / image.height, width / height, view.fit))
        if self._rows.size != (width, image.height):
            self._rows.release()
            self._rows = Surface(self._context, (width, image.height))
        common = {"softness": softness, "mirrored": view.fit == "mirror"}
        self._resample(self._rows, image, (1, 0), across, view.x, common)
        self._resample(self._whole, self._rows.texture, (0, 1), up, view.y, common)
        return self._edges.render(self._whole.texture, height / (up * image.height), edges)

    def resize(self, size: Size) -> None:
        """Draw at another size from now on."""
        self._whole.release()
        self._whole = Surface(self._context, size)

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._enlarge, self._shrink, self._rows, self._whole):
            thing.release()
        self._edges.close()

    def _resample(
        self, target: Surface, image: moderngl.Texture, along: Size, share: float, place: float, common: Uniforms
    ) -> None:
        axis = along.index(1)
        pixels = target.size[axis]
        draw = self._shrink if share * image.size[axis] > pixels else self._enlarge
        middle = 0.5 + place * max(1.0 - share, 0.0) / 2
        draw(target, image=image, along=along, share=share, middle=middle, pixels=pixels, **common)


def values(lookup: Callable[[str], Value]) -> list[float]:
    """Softness and edges now, as `Fit.render` takes them."""
    found = [lookup(parameter.address) for parameter in PARAMETERS]
    return [float(value) for value in found if isinstance(value, int | float)]


def _shares(image_aspect: float, canvas_aspect: float, fit: str) -> tuple[float, float]:
    """How much of the picture the canvas shows across and up, 1 being all of it."""
    ratio = canvas_aspect / image_aspect
    if (ratio > 1.0) == (fit == "cover"):
        return 1.0, 1.0 / ratio
    return ratio, 1.0

"""The generator's frame brought to the canvas: aspect, zoom, and an upsampling that hides every pixel.

The kernel is a cubic of the Mitchell-Netravali family ("Reconstruction Filters in Computer Graphics", 1988), from
Catmull-Rom (crisp) to the B-spline (soft), applied along one axis and then the other: 8 reads a pixel instead of 16.
"""

import moderngl

from engine.params import Parameter, Value
from engine.render.draw import Draw, Size, Surface

FITS = ("cover", "contain", "mirror")
PARAMETERS = (
    Parameter("/picture/fit", "choice", "cover", choices=FITS, label="Fit",
              help="How the square picture meets the canvas: fill it, show it whole, or mirror it outwards"),
    Parameter("/picture/zoom", "float", 1.0, 1.0, 4.0, unit="×", label="Zoom",
              help="Enlarges the middle of the picture"),
    Parameter("/picture/softness", "float", 0.6, 0.0, 1.0, label="Softness",
              help="How the generator's pixels are blended into the canvas: 0 crisp, 1 soft"),
)  # fmt: skip

RESAMPLE = """
#version 330
out vec4 colour;
uniform sampler2D image;
uniform int axis;       // along which to resample: 0 across, 1 up
uniform float share;    // of the picture that the canvas shows along that axis; above 1 where it shows more than all
uniform float pixels;   // of the canvas along that axis
uniform float softness;
uniform bool mirrored;

float weight(float x) {
    float b = softness, c = 0.5 * (1.0 - softness);
    x = abs(x);
    float near = ((12.0 - 9.0 * b - 6.0 * c) * x + (-18.0 + 12.0 * b + 6.0 * c)) * x * x + (6.0 - 2.0 * b);
    float far = (((-b - 6.0 * c) * x + (6.0 * b + 30.0 * c)) * x + (-12.0 * b - 48.0 * c)) * x + (8.0 * b + 24.0 * c);
    return x < 1.0 ? near : x < 2.0 ? far : 0.0;
}

int inside(int i, int size) {
    if (!mirrored) return clamp(i, 0, size - 1);
    i = abs(2 * i + 1) / 2 % (2 * size);
    return i < size ? i : 2 * size - 1 - i;
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    int size = textureSize(image, 0)[axis];
    float place = (gl_FragCoord[axis] / pixels - 0.5) * share + 0.5;
    float at = place * float(size) - 0.5;
    float reach = max(1.0, share * float(size) / pixels);  // wider than a texel where the picture shrinks
    int first = int(ceil(at - 2.0 * reach)), last = int(floor(at + 2.0 * reach));
    vec3 sum = vec3(0.0);
    float total = 0.0;
    for (int i = first; i <= last; i++) {
        float w = weight((float(i) - at) / reach);
        here[axis] = inside(i, size);
        sum += w * texelFetch(image, here, 0).rgb;
        total += w;
    }
    float outside = mirrored ? 0.0 : max(abs(place - 0.5) - 0.5, 0.0);
    colour = vec4(clamp(sum / total, 0.0, 1.0) * exp(-9.0 * outside), 1.0);
}
"""


class Fit:
    """Resamples a texture of any size and aspect to the canvas. Display thread only."""

    def __init__(self, context: moderngl.Context, size: Size) -> None:
        self._context = context
        self._resample = Draw(context, RESAMPLE)
        self._rows = Surface(context, size)
        self._whole = Surface(context, size)

    def render(self, image: moderngl.Texture, fit: Value, zoom: Value, softness: Value) -> moderngl.Texture:
        """`image` at the canvas size, RGBA16F."""
        assert isinstance(zoom, int | float)
        width, height = self._whole.size
        across, up = _shares(image.width / image.height, width / height, fit == "cover")
        if self._rows.size != (width, image.height):
            self._rows.release()
            self._rows = Surface(self._context, (width, image.height))
        common = {"softness": softness, "mirrored": fit == "mirror"}
        self._resample(self._rows, image=image, axis=0, share=across / zoom, pixels=width, **common)
        self._resample(self._whole, image=self._rows.texture, axis=1, share=up / zoom, pixels=height, **common)
        return self._whole.texture

    def resize(self, size: Size) -> None:
        """Draw at another size from now on."""
        self._whole.release()
        self._whole = Surface(self._context, size)

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._resample, self._rows, self._whole):
            thing.release()


def _shares(image_aspect: float, canvas_aspect: float, cover: bool) -> tuple[float, float]:
    """How much of the picture the canvas shows across and up, 1 being all of it."""
    ratio = canvas_aspect / image_aspect
    if (ratio > 1.0) == cover:
        return 1.0, 1.0 / ratio
    return ratio, 1.0

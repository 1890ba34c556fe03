"""Enlarging that holds edges: the blurred border between two colours is drawn together, without halo.

The picture is read a little away from the middle of each edge, so that the change happens within less width and no
colour comes up that was not there (image warping after Arad and Gotsman, "Enhancement by Image-Dependent Warping",
1999). Tried and left: sharpening by unsharp masks, which rings along every outline.
"""

import moderngl

from engine.render.draw import Draw, Size, Surface

FINEST = 2  # pixels of the canvas a field's pixel covers at least

STRENGTH = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D image;
uniform vec2 reach;  // a pixel of the generator's picture, as a share of the canvas

float lightness(vec2 at) { return dot(texture(image, at).rgb, vec3(0.3, 0.59, 0.11)); }

void main() {
    vec2 x = vec2(0.7 * reach.x, 0.0), y = vec2(0.0, 0.7 * reach.y);
    vec2 slope = vec2(lightness(uv + x) - lightness(uv - x), lightness(uv + y) - lightness(uv - y));
    colour = vec4(length(slope), 0.0, 0.0, 1.0);
}
"""

UPHILL = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D field;
uniform vec2 reach;

float strength(vec2 at) { return texture(field, at).r; }

void main() {
    vec2 x = vec2(reach.x, 0.0), y = vec2(0.0, reach.y);
    vec2 uphill = vec2(strength(uv + x) - strength(uv - x), strength(uv + y) - strength(uv - y));
    colour = vec4(uphill / (length(uphill) + 0.03), 0.0, 1.0);
}
"""

WARP = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D image;
uniform sampler2D uphill;
uniform vec2 far;
void main() { colour = vec4(texture(image, uv - far * texture(uphill, uv).xy).rgb, 1.0); }
"""


class Edges:
    """Draws a picture's edges together. Display thread only; release with `close`."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._draws = [Draw(context, text) for text in (STRENGTH, UPHILL, WARP)]
        self._surfaces = [Surface(context, (1, 1)) for _ in self._draws]  # they grow when they are needed

    def render(self, image: moderngl.Texture, pixel: float, amount: float) -> moderngl.Texture:
        """`image` with edges held by `amount`, 0 to 1. `pixel` is what one of the generator's pixels covers of it, in
        its own pixels; a picture that was not enlarged is given back as it is.
        """
        if amount <= 0.0 or pixel <= 1.0:
            return image
        coarse = max(round(0.75 * pixel), FINEST)
        small = (-(-image.width // coarse), -(-image.height // coarse))
        for i, size in enumerate((small, small, image.size)):
            self._fit(i, size)
        strength, uphill, warp = self._draws
        field, slope, warped = self._surfaces
        reach = pixel / image.width, pixel / image.height
        amount *= min(pixel - 1.0, 1.0)  # sets in smoothly: a camera may come closer than 1:1
        far = 0.9 * amount * reach[0], 0.9 * amount * reach[1]
        strength(field, image=image, reach=reach)
        uphill(slope, field=field.texture, reach=reach)
        warp(warped, image=image, uphill=slope.texture, far=far)
        return warped.texture

    def close(self) -> None:
        """Release everything on the GPU."""
        for draw in self._draws:
            draw.release()
        for surface in self._surfaces:
            surface.release()

    def _fit(self, index: int, size: Size) -> None:
        if self._surfaces[index].size != size:
            self._surfaces[index].release()
            self._surfaces[index] = Surface(self._context, size)

"""The last stage before every output: no NaN, no infinity, nothing out of range reaches a screen.

A pixel that is no number is not drawn, so it shows what it showed in the frame before. The test is made on the bits,
since compilers may assume that arithmetic yields numbers and drop `isnan`.
"""

import moderngl

from engine.render.buffers import Copy
from engine.render.draw import Draw, Size, Surface

CHECK = """
#version 330
out vec4 colour;
uniform sampler2D image;

void main() {
    vec3 wanted = texelFetch(image, ivec2(gl_FragCoord.xy), 0).rgb;
    uvec3 exponent = floatBitsToUint(wanted) & 0x7f800000u;
    if (any(equal(exponent, uvec3(0x7f800000u)))) discard;
    colour = vec4(clamp(wanted, 0.0, 1.0), 1.0);
}
"""


class Safety:
    """Turns the finished picture into the RGBA8 texture that is presented. Display thread only."""

    def __init__(self, context: moderngl.Context, size: Size) -> None:
        self._check = Draw(context, CHECK)
        self._copy = Copy(context)
        self._presented = Surface(context, size, "f1")

    def render(self, image: moderngl.Texture) -> moderngl.Texture:
        """The frame to present, as large as `image`; valid until the next call."""
        if self._presented.size != image.size:
            self._presented = self._copy.resized(self._presented, image.size)
        self._check(self._presented, image=image)
        return self._presented.texture

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._check, self._copy, self._presented):
            thing.release()

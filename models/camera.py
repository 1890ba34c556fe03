"""A camera inside a network that computes its picture from coordinates, as StyleGAN3 does."""

import math

import numpy as np
from numpy.typing import NDArray


def camera_transform(x: float = 0.0, y: float = 0.0, rotation: float = 0.0, zoom: float = 1.0) -> NDArray[np.float32]:
    """Matrix [3, 3] for `synthesis(ws, transform=…)`: from places in the frame to places in the plane that is seen.

    The camera looks at (`x`, `y`), to the right and up from the middle, in sides of the nominal picture. What it sees
    is turned counter-clockwise by `rotation` degrees and enlarged by `zoom`. So as the camera moves right the picture
    moves left, and with zoom 2 half of that side is seen.
    Raises ValueError for a zoom that is not above 0, and for what is not finite.
    """
    if not all(map(math.isfinite, (x, y, rotation, zoom))):
        raise ValueError("the camera's place holds a number that is not finite")
    if zoom <= 0:
        raise ValueError(f"the camera's zoom is {zoom:g}; give a number above 0")
    cos, sin = math.cos(math.radians(rotation)) / zoom, math.sin(math.radians(rotation)) / zoom
    return np.array([[cos, -sin, x], [sin, cos, -y], [0, 0, 1]], dtype=np.float32)  # rows of a picture count downwards

"""What part of a picture is a field of 10°, and what part of that may flash, for visitors in front of a wall.

Distances are taken as at the middle of the field, straight ahead: away from it, the same area covers a smaller angle.
"""

from dataclasses import dataclass

from engine.flashes.definition import FIELD, FINE, SDR_NITS, SOLID_ANGLE

# WCAG's estimate for screens of which nothing is known: 341×256 pixels of 1024×768 are a field of 10°.
SCREEN_WIDTH = 1024
SCREEN_FIELD = (341, 256)
FIELD_SHARE = 0.25


@dataclass(frozen=True)
class Geometry:
    """Of a whole picture, in shares of its width, height and area; `peak_nits` is its white in cd/m².

    field: width and height of a field of 10°, above 1 where the picture is smaller than that.
    area: what 0.006 steradian cover of the picture's area, above 1 where they are more than it.
    fine: width and height of 0.2°, a period of the coarsest pattern that is a fine one.
    """

    field: tuple[float, float]
    area: float
    fine: tuple[float, float]
    peak_nits: float = SDR_NITS


def of_wall(width: float, height: float, distance: float, peak_nits: float = SDR_NITS) -> Geometry:
    """Of a wall of `width` × `height`, lit as a whole, whose nearest viewer stands at `distance`; all in metres."""
    across, up = distance / width, distance / height
    return Geometry(
        (FIELD * across, FIELD * up),
        SOLID_ANGLE * across * up,
        (FINE * across, FINE * up),
        peak_nits,
    )


def of_screen(width: int, height: int, peak_nits: float = SDR_NITS) -> Geometry:
    """Of a picture of `width` × `height` pixels that fills the width of a screen of which nothing else is known."""
    tall = SCREEN_WIDTH * height / width  # in pixels of that screen
    field = SCREEN_FIELD[0] / SCREEN_WIDTH, SCREEN_FIELD[1] / tall
    fine = SCREEN_FIELD[0] * FINE / FIELD
    return Geometry(field, FIELD_SHARE * field[0] * field[1], (fine / SCREEN_WIDTH, fine / tall), peak_nits)

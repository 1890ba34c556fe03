"""The address of a picture in a fitting size, from what a IIIF Image API service says of itself (info.json).

Versions 2 and 3 of the Image API: https://iiif.io/api/image/
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from models.archive.errors import RejectedError

LARGEST = 10_000_000  # pixels a side that we believe
Size = tuple[int, int]  # width, height


@dataclass(frozen=True, slots=True)
class Service:
    """What matters of an info.json. Sizes in pixels; `level` is 0, 1 or 2."""

    version: int
    level: int
    full: Size
    sizes: tuple[Size, ...]
    max_width: float
    max_height: float
    max_area: float

    def allows(self, size: Size) -> bool:
        """Whether a picture of this size is within the service's limits."""
        width, height = size
        return width <= self.max_width and height <= self.max_height and width * height <= self.max_area


def image_address(base: str, info: bytes, short_side: int) -> str:
    """The smallest picture whose short side has `short_side` pixels, or the largest to be had where none has.

    `base` is the address of the service. Raises RejectedError where info.json makes no sense.
    """
    service = parse(info)
    return f"{base.rstrip('/')}/full/{_spelled(service, _size(service, short_side))}/0/default.jpg"


def parse(info: bytes) -> Service:
    """Read info.json. Raises RejectedError."""
    try:
        said = json.loads(info)
        return _service(said)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RejectedError(
            "bad info.json", f"the IIIF service does not describe its picture ({error!r:.100})"
        ) from None


def _service(said: dict[str, Any]) -> Service:
    version = 3 if "/image/3" in str(said.get("@context")) or said.get("type") == "ImageService3" else 2
    profile = said.get("profile", "level0")
    parts = profile if isinstance(profile, list) else [profile]
    limits = {key: value for part in [*parts, said] if isinstance(part, dict) for key, value in part.items()}
    max_width = limits.get("maxWidth", math.inf)
    full = _pixels(said)
    return Service(
        version=version,
        level=max((int(level) for part in parts for level in re.findall(r"level(\d)", str(part))), default=0),
        full=full,
        sizes=tuple(sorted(_pixels(size) for size in said.get("sizes", ()))),
        max_width=_limit(max_width),
        max_height=_limit(limits.get("maxHeight", max_width)),
        max_area=_limit(limits.get("maxArea", math.inf)),
    )


def _pixels(said: dict[str, Any]) -> Size:
    width, height = _limit(said["width"]), _limit(said["height"])
    if max(width, height) > LARGEST:
        raise ValueError(f"{width:g} x {height:g} pixels")
    return int(width), int(height)


def _limit(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 1:  # which NaN is not either
        raise ValueError(f"{value!r:.40} pixels")
    return value


def _size(service: Service, short_side: int) -> Size | None:
    """None stands for the largest that the service has."""
    listed = [size for size in service.sizes if service.allows(size)]
    enough = [size for size in listed if min(size) >= min(short_side, *service.full)]
    if enough:
        return enough[0]
    if service.level == 0:
        return listed[-1] if listed else None
    return _scaled(service, short_side)


def _scaled(service: Service, short_side: int) -> Size | None:
    width, height = service.full
    wanted = short_side / min(width, height)
    limit = min(
        service.max_width / width, service.max_height / height, math.sqrt(service.max_area / (width * height)), 1.0
    )
    if wanted <= limit < 1.0 or wanted < 1.0 <= limit:
        return min(math.ceil(width * wanted), width), min(math.ceil(height * wanted), height)
    if limit >= 1.0:
        return None
    return max(1, math.floor(width * limit)), max(1, math.floor(height * limit))


def _spelled(service: Service, size: Size | None) -> str:
    """The canonical spelling: v2 `full` and `w,`, v3 `max` and `w,h` (of which level 1 promises only `w,`)."""
    if size is None or size == service.full:
        return "max" if service.version == 3 else "full"
    computed = size not in service.sizes and service.level < 2
    return f"{size[0]}," if service.version == 2 or computed else f"{size[0]},{size[1]}"

"""Drawing by the processor, and the one thing that Mesa's software renderer has to be spared.

Mesa's llvmpipe (seen in 22.3) may free a fence while one of its threads still unlocks it, where the next draw begins
before the last one is over: four bytes of zero in memory that belongs to somebody else, and at times an abort. Waiting
after each draw keeps away from that, and costs a strobing wall some two hundredths of a frame (docs/LIMITER.md).
"""

from collections.abc import Callable

import moderngl

RENDERERS = ("llvmpipe", "softpipe", "swrast", "software rasterizer", "swiftshader")


def is_software(context: moderngl.Context) -> bool:
    """Whether the processor draws, not a GPU."""
    if context.extra is None:  # asking takes long
        context.extra = any(name in str(context.info["GL_RENDERER"]).lower() for name in RENDERERS)
    return bool(context.extra)


def settle(context: moderngl.Context) -> Callable[[], None]:
    """What to call after each draw."""
    return context.finish if is_software(context) else _go_on


def _go_on() -> None:
    """A GPU is never waited for."""

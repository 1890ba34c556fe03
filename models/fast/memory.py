"""Memory of a process that draws for months."""

import ctypes
import ctypes.util
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # numbers of glibc's malloc.h
_KEPT = 1 << 30


@cache
def keep_freed_memory() -> bool:
    """Let this process keep the memory that one picture frees for the next, instead of returning it to the system.

    glibc hands large blocks back at once, and the kernel clears each page anew when they are asked for again: that took
    longer than the convolution between. Returns whether the C library knows how; others keep their own habit.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _KEPT) and mallopt(_TRIM_THRESHOLD, _KEPT))

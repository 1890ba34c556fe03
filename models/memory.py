"""Memory of a process that draws for months.

glibc takes large blocks from the system and hands them back when they are freed, until it has seen a few; from then on
it keeps them. The first is right while a network is loaded and prepared: what was only needed for that leaves no holes.
Between two pictures it is wrong: the kernel clears every page anew, which took longer than the convolutions.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # numbers of glibc's malloc.h
_LARGE = 1 << 17
_USUAL = 1 << 25  # as far as glibc goes by itself
_KEPT = 1 << 30


def return_freed_memory() -> bool:
    """Hand what is freed from now on back to the system. Returns whether the C library knows how."""
    return _set(_MMAP_THRESHOLD, _LARGE)


def usual_memory() -> bool:
    """Keep what is freed from now on as a process comes to do that has freed large blocks before. Returns as above."""
    return _set(_MMAP_THRESHOLD, _USUAL) and _set(_TRIM_THRESHOLD, 2 * _USUAL)


def keep_freed_memory() -> bool:
    """Hand back what was freed until now, and keep what is freed from now on. Returns as above."""
    return _set(_MMAP_THRESHOLD, _KEPT) and _set(_TRIM_THRESHOLD, _KEPT) and bool(_library().malloc_trim(0) + 1)


def _set(option: int, value: int) -> bool:
    return (
        sys.platform.startswith("linux") and hasattr(_library(), "mallopt") and bool(_library().mallopt(option, value))
    )


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)

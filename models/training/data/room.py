"""How much of this machine's memory pictures may take."""

import os
from pathlib import Path

SHARE = 4  # a quarter
CGROUP = Path("/sys/fs/cgroup/memory.max")  # what a container may use at most


def room() -> int:
    """Bytes for the pictures of this process: a quarter of the memory, shared by the processes torchrun started."""
    return _memory() // SHARE // max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def _memory() -> int:
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = CGROUP.read_text().strip()
    except OSError:  # no container, or an older kernel
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

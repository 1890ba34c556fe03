"""How many files this process may have open, and how many of them the control server may take for connections.

A show needs descriptors of its own at any time: a worker that is replaced, a recording, a device that comes back.
"""

import os
import resource

PLENTY = 65536  # more is of no use, and some libraries walk through all of them
KEPT_FREE = 16  # for whatever the show opens later
CONNECTIONS = 256
FEWEST_CONNECTIONS = 4


def raise_limit() -> int:
    """Lift this process's limit of open files as far as it may by itself; the limit then. Call once, at the start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = PLENTY if hard == resource.RLIM_INFINITY else min(hard, PLENTY)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections_allowed() -> int:
    """How many connections the server may hold at once, with what is open now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(FEWEST_CONNECTIONS, min(CONNECTIONS, soft - _open_files(soft) - KEPT_FREE))


def _open_files(limit: int) -> int:
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:  # none left even for that, or no such folder on this system
        return limit // 2

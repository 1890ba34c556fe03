"""Ray, of the optional extra `cluster`: how it is found, reached and silenced, and what its failures mean."""

import logging
import os
import socket
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from models.archive.errors import ArchiveError

REACH_S = 5.0  # seconds for a port to answer
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # its messages of dead workers go to standard output, where JSON may be asked for
    "RAY_NUM_REDIS_GET_RETRIES": "2",  # so often it asks what answers but is no cluster, 40 s each time, instead of 20
}


def library() -> ModuleType:
    """Ray itself. Raises ArchiveError where it is not installed."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)  # read once, when it is imported
    try:
        import ray
    except ImportError:
        raise ArchiveError("work on a cluster needs Ray: pip install 'reverie[cluster]'") from None
    return ray


def connected(address: str) -> ModuleType:
    """Ray, as a client of the cluster there. Raises ArchiveError where none is."""
    ray = library()
    try:
        _reach(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        raise ArchiveError(
            f"{address}: no Ray cluster can be used there ({_first_line(error)}); start one with `ray start --head`, or"
            " name the address of its head, such as 10.0.0.5:6379 or ray://10.0.0.5:10001"
        ) from None
    return ray


def result(ray: ModuleType, task: Any) -> Any:
    """What a finished task returned, None where each process that ran it died. Raises ArchiveError."""
    died = (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError, ray.exceptions.NodeDiedError)
    try:
        return ray.get(task)
    except died:
        return None
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ArchiveError):
            raise ArchiveError(str(error.cause)) from None
        raise ArchiveError(
            f"a node of the cluster cannot prepare ({_last_line(error)}); install the same Reverie on every node"
        ) from None
    except ray.exceptions.RayError as error:
        raise ArchiveError(
            f"the cluster gave way ({_first_line(error)}); start again when it is up: it goes on where it stopped"
        ) from None


def _reach(address: str) -> None:
    """Raises OSError where no port answers: Ray itself would wait for minutes."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), REACH_S).close()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _last_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[-1].rstrip(".")

"""Facts of the machine and its processes that figures are reported with. Linux; loads no torch unless asked of it."""

import os
import platform
from pathlib import Path
from typing import Any


def cpu_name() -> str:
    """What the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def resident_mib(pid: int | str = "self") -> float:
    """Resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def described(device: str) -> dict[str, Any]:
    """What a benchmark of networks ran on."""
    import torch

    gpu = torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else None
    return {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "gpu": gpu, "torch": torch.__version__}

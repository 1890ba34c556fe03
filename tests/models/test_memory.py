"""The C library's heap: steady while pictures are drawn."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import torch
from models.memory import keep_freed_memory, return_freed_memory

def faults(count):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(count):
        torch.ones(1 << 20)  # 4 MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
print(return_freed_memory(), faults(20), keep_freed_memory(), faults(20) * 0 + faults(20))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has no such setting")
def test_freed_memory_is_kept_only_when_told_to() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    told, returned, kept_told, kept = done.stdout.split()
    assert (told, kept_told) == ("True", "True")
    assert int(returned) > 20 * 100  # of 1024 pages each, unless they are large ones
    assert int(kept) < 20

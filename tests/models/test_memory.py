"""The C library's heap: steady while pictures are drawn."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import torch
from models.memory import keep_freed_memory, return_freed_memory, usual_memory

def faults(count):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(count):
        torch.ones(1 << 20)  # 4 MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
print(return_freed_memory(), faults(20))
for keep in (usual_memory, keep_freed_memory):
    print(keep(), faults(20) * 0 + faults(20))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has no such setting")
def test_freed_memory_is_kept_only_when_told_to() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    (told, returned), *keeping = (line.split() for line in done.stdout.splitlines())
    assert told == "True"
    assert int(returned) > 20 * 100  # of 1024 pages each, unless they are large ones
    assert len(keeping) == 2
    for told, kept in keeping:
        assert told == "True"
        assert int(kept) < 20

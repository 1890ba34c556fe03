"""What tests of this folder share."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that meet after each small operator lose much on a busy machine
    yield
    torch.set_num_threads(threads)

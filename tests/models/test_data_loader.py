"""Batches that are ready in time: in order, bounded, and what goes wrong comes where it belongs."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.training import TrainingError
from models.training.data import Loader, open_set
from models.training.data import loader as loader_module
from tests.models.picture_sets import as_zip, filled

PATIENCE_S = 60


class Slow:
    """Gives the numbers it is asked for, once `go` is set; counts what it was asked."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = threading.Semaphore(0)

    def batch(self, indices: Sequence[int]) -> Tensor:
        self.asked.release()
        assert self.go.wait(PATIENCE_S)
        return torch.tensor(indices)


def endless(taken: list[int]) -> Iterator[Sequence[int]]:
    number = 0
    while True:
        taken.append(number)
        yield [number]
        number += 1


@pytest.mark.parametrize("memory", [0, None])
def test_batches_come_in_order(tmp_path: Path, memory: int | None) -> None:
    path = as_zip(filled(tmp_path / "set", *(f"{i}.png" for i in range(5))))
    orders = [[i % 5, (3 * i) % 5] for i in range(40)]
    with open_set(path, (16, 16), memory=memory) as images, Loader(images, orders, ahead=4) as loader:
        batches = list(loader)
        assert len(batches) == 40
        for order, batch in zip(orders, batches, strict=True):
            assert torch.equal(batch, images.batch(order))
        assert loader.waited_s >= 0


def test_it_works_ahead_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "cores", lambda: 3)
    images, taken = Slow(), list[int]()
    with Loader(images, endless(taken), ahead=3) as loader:
        assert taken == []  # nothing before the first is wanted
        got: list[Tensor] = []
        consumer = threading.Thread(target=lambda: got.append(next(loader)))
        consumer.start()
        assert all(images.asked.acquire(timeout=PATIENCE_S) for _ in range(3))  # all three at once
        assert taken == [0, 1, 2]
        images.go.set()
        consumer.join(PATIENCE_S)
        assert got[0].tolist() == [0]
        assert taken == [0, 1, 2, 3]  # one in the place of the one that went
        assert [next(loader).item() for _ in range(10)] == list(range(1, 11))
        assert len(taken) == 14


def test_waiting_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.5, 20.0, 20.25])
    monkeypatch.setattr(loader_module, "monotonic", lambda: next(clock))
    images = Slow()
    images.go.set()
    with Loader(images, [[0], [1]]) as loader:
        assert [batch.item() for batch in loader] == [0, 1]
        assert loader.waited_s == 2.75


def test_an_error_comes_where_its_batch_would_have(tmp_path: Path) -> None:
    folder = filled(tmp_path / "set", "a.png", "b.png", "c.png")
    images = open_set(folder, (16, 16), memory=0)
    (folder / "b.png").unlink()
    with Loader(images, [[0], [2], [1], [0]]) as loader:
        assert next(loader).shape == next(loader).shape == (1, 3, 16, 16)
        with pytest.raises(TrainingError, match=r"b\.png cannot be read"):
            next(loader)
        assert next(loader).shape == (1, 3, 16, 16)
        with pytest.raises(StopIteration):
            next(loader)


def test_closing_drops_what_nobody_took() -> None:
    """Its threads end, though most of what was ordered is not done."""
    images, before = Slow(), threading.active_count()
    images.go.set()
    loader = Loader(images, endless([]), ahead=50)
    assert next(loader).item() == 0
    loader.close()
    assert threading.active_count() == before
    with pytest.raises(RuntimeError):
        next(loader)

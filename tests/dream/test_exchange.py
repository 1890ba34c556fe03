"""The shared memory: newest whole message, never a torn one, nothing left behind."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.dream.exchange import TEXT_BYTES, Exchange, new_memory

ROOT = Path(__file__).parents[2]


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = new_memory()
    yield descriptor
    os.close(descriptor)


def picture(level: int, size: int = 8) -> np.ndarray:
    return np.full((size, size, 4), level, np.uint8)


def test_nothing_is_there_at_first(memory: int) -> None:
    exchange = Exchange(memory)
    assert exchange.frames.take(0) is None
    assert exchange.latents.take(0) is None
    assert (exchange.max_fps, exchange.rejected, exchange.about, exchange.failure) == (0, 0, "", "")


def test_both_sides_see_the_same(memory: int) -> None:
    ours, theirs = Exchange(memory), Exchange(memory)
    ws = np.random.default_rng(0).normal(size=(10, 128)).astype(np.float32)
    ours.latents.put(ws, 1)
    ours.max_fps = 12.5
    theirs.frames.put(picture(7), 1, latent=1, seconds=0.25)
    theirs.rejected += 2
    theirs.about, theirs.failure = "128², bfloat16", "it broke"
    got = theirs.latents.take(0)
    assert got is not None
    np.testing.assert_array_equal(got.data, ws)
    frame = ours.frames.take(0)
    assert frame is not None
    assert (frame.sequence, frame.latent, frame.seconds, frame.data.shape) == (1, 1, 0.25, (8, 8, 4))
    assert (frame.data == 7).all()
    assert (theirs.max_fps, ours.rejected, ours.about, ours.failure) == (12.5, 2, "128², bfloat16", "it broke")


def test_the_newest_wins_and_is_given_once(memory: int) -> None:
    box = Exchange(memory).frames
    for number in range(1, 6):
        box.put(picture(number), number)
    got = box.take(0)
    assert got is not None
    assert (got.sequence, got.data[0, 0, 0]) == (5, 5)
    assert box.take(5) is None


def test_what_is_taken_is_a_copy(memory: int) -> None:
    box = Exchange(memory).frames
    box.put(picture(1), 1)
    got = box.take(0)
    box.put(picture(2), 2)
    box.put(picture(3), 3)
    assert got is not None
    assert (got.data == 1).all()


def test_a_size_may_change_from_message_to_message(memory: int) -> None:
    box = Exchange(memory).frames
    box.put(picture(1, 16), 1)
    box.put(np.full((4, 6, 4), 9, np.uint8), 2)
    got = box.take(0)
    assert got is not None
    assert got.data.shape == (4, 6, 4)


def test_what_does_not_fit_is_refused_and_the_last_message_stays(memory: int) -> None:
    box = Exchange(memory).latents
    box.put(np.ones((2, 3), np.float32), 1)
    with pytest.raises(ValueError, match="1000×1000"):
        box.put(np.ones((1000, 1000), np.float32), 2)
    got = box.take(0)
    assert got is not None
    assert got.sequence == 1


def test_a_message_left_half_written_is_never_read(memory: int) -> None:
    """A writer killed between its two marks: the message before is still there."""
    exchange = Exchange(memory)
    exchange.frames.put(picture(1), 1)
    slot = exchange.frames._box["slots"][0]
    slot["sequence"] = 0
    got = exchange.frames.take(0)
    assert got is not None
    assert got.sequence == 1


def test_a_copy_that_was_overtaken_is_thrown_away(memory: int) -> None:
    """The announced message's slot is already being reused: no try can succeed, and none blocks."""
    exchange = Exchange(memory)
    exchange.frames.put(picture(1), 1)
    exchange.frames._box["slots"][1]["sequence"] = 0
    assert exchange.frames.take(0) is None


def test_a_copy_that_was_overtaken_is_made_anew(memory: int) -> None:
    """The writer laps the reader in the middle of its copy: the torn copy is dropped and the newer message read."""
    reader, writer = Exchange(memory).frames, Exchange(memory).frames
    writer.put(picture(1), 1)
    shared = reader._halves[1]

    class Lapped:
        """Shared memory in which time passes while it is being read."""

        def __getitem__(self, cells: slice) -> np.ndarray:
            reader._halves[1] = shared
            writer.put(picture(2), 2)
            half_done = shared[cells].copy()
            writer.put(picture(3), 3)
            half_done[: len(half_done) // 2] = shared[cells][: len(half_done) // 2]
            assert set(half_done) == {1, 3}
            return half_done

    reader._halves[1] = Lapped()  # type: ignore[call-overload]
    got = reader.take(0)
    assert got is not None
    assert got.sequence == 3
    assert (got.data == 3).all()


def test_a_long_text_is_cut_not_spilled(memory: int) -> None:
    exchange = Exchange(memory)
    exchange.latents.put(np.ones((1, 1), np.float32), 1)
    exchange.failure = "é" * TEXT_BYTES
    assert exchange.failure.startswith("ééé")
    assert len(exchange.failure.encode()) <= TEXT_BYTES + 2
    assert exchange.latents.take(0) is not None


WRITER = """
import os, sys, numpy as np
from engine.dream.exchange import Exchange
box = Exchange(int(sys.argv[1])).frames
parent = os.getppid()
number = 0
while os.getppid() == parent:
    number += 1
    box.put(np.full((256, 256, 4), number % 251, np.uint8), number, latent=number)
"""


def test_no_torn_frame_from_a_writer_that_never_rests(memory: int) -> None:
    """Another process writes 256 KiB messages as fast as it can; every one read is of one piece."""
    box = Exchange(memory).frames
    command = [sys.executable, "-c", WRITER, str(memory)]
    with subprocess.Popen(command, pass_fds=(memory,), cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as writer:
        try:
            seen, read = 0, 0
            give_up = threading.Event()
            timer = threading.Timer(60, give_up.set)
            timer.start()
            while read < 400 and not give_up.is_set():
                message = box.take(seen)
                if message is None:
                    continue
                assert message.sequence > seen
                assert message.latent == message.sequence
                assert (message.data == message.sequence % 251).all()
                seen, read = message.sequence, read + 1
        finally:
            timer.cancel()
            writer.kill()
    assert read == 400
    assert seen > read  # the writer was faster: there was something to tear

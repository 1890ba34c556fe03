"""Real workers, both kinds: a process, and a thread as CUDA has it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dreaming import SIZE, Abyss, Point, Source, drive, picture_of, until

from engine.dream import source as choosing
from engine.dream.base import FrameSource
from engine.dream.bending import Bending
from engine.dream.synthesizer import Synthesizer
from engine.dream.worker import NICE_LOADING, NICE_REHEARSING
from engine.errors import ReverieError

Kind = Callable[[Path], Source]
Opened = Callable[[Source], Source]


def test_frames_come_and_say_what_they_are(running: Source) -> None:
    source, before = running, running.frames
    frames = drive(source, lambda: source.frames >= before + 5)
    first = frames[0]
    assert first.pixels.shape == (SIZE, SIZE, 4)
    assert first.pixels.dtype == np.uint8
    assert (first.pixels[..., 3] == 255).all()
    assert len(np.unique(first.pixels[..., :3])) > 20
    assert first.seconds > 0
    assert [f.sequence for f in frames] == sorted({f.sequence for f in frames})
    assert source.alive
    assert (source.restarts, source.rejected, source.last_error) == (0, 0, "")
    assert f"{SIZE}²" in source.describe()


def test_a_source_that_has_not_begun_owes_nothing(kind: Kind, model: Path) -> None:
    source: FrameSource = kind(model)
    source.submit(Point())
    assert source.newest() is None
    assert (source.frames, source.alive) == (0, False)
    source.close()


def test_the_same_latent_gives_the_same_pixels_in_every_kind_of_worker(running: Source, model: Path) -> None:
    here = Synthesizer(model)
    for seed in (1, 2, 1):
        np.testing.assert_array_equal(picture_of(running, Point(seed)).pixels, here.render(Point(seed).ws))


def test_the_newest_latent_wins(running: Source) -> None:
    source = running
    source.max_fps = 5
    last = [source.submit(Point(seed)) for seed in range(300)][-1]
    answered: list[int] = []

    def done() -> bool:
        frame = source.newest()
        answered.extend([frame.latent] if frame else [])
        return last in answered

    until(done)
    assert answered == sorted(set(answered))
    assert len(answered) < 30
    source.max_fps = 200


def test_frames_with_nan_never_come_out_and_three_reload_the_network(kind: Kind, opened: Opened, model: Path) -> None:
    source = opened(kind(model))
    frames = drive(source, lambda: "NaN" in source.last_error, Abyss())  # it may be slow to begin, and be begun again
    assert frames == []
    assert "3 frames in a row that held NaN" in source.last_error
    assert source.rejected == 3
    assert not source.alive
    before = source.restarts
    frames = drive(source, lambda: source.alive)
    assert len(frames) == 1
    assert source.restarts == before + 1


@pytest.mark.parametrize("content", [None, b"\xff" * 5000], ids=["missing", "damaged"])
def test_a_model_that_cannot_be_loaded_is_one_sentence(
    kind: Kind, opened: Opened, tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "poor.safetensors"
    if content is not None:
        path.write_bytes(content)
    source = opened(kind(path))
    drive(source, lambda: bool(source.last_error))
    assert source.last_error.startswith(str(path))
    assert "\n" not in source.last_error
    assert not source.alive
    assert "Traceback" not in capfd.readouterr().err


def test_a_rate_set_while_the_worker_waits_is_obeyed_at_once(running: Source) -> None:
    source = running
    source.max_fps = 0
    for _ in range(3):  # at most the frame that was under way; then twenty seconds of waiting
        drive(source, lambda: True)
    source.max_fps = 200
    before = source.frames
    drive(source, lambda: source.frames >= before + 20)


def test_without_cuda_the_process_is_chosen(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_cuda_devices", lambda: 0)
    source = choosing.open_source(model, max_fps=30)
    source.start()
    until(lambda: source.describe().startswith("CPU process"))
    source.close()


@pytest.mark.parametrize(("awaited", "first"), [(True, NICE_LOADING), (False, NICE_REHEARSING)])
def test_one_that_is_not_awaited_loads_behind_everything_but_comes_back_in_a_hurry(
    awaited: bool, first: int, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nices: list[int] = []

    class Refused(choosing.ProcessLife):
        def __init__(self, model: Path, max_fps: float, bending: Bending, nice: int) -> None:
            nices.append(nice)
            raise OSError("no more processes")

    monkeypatch.setattr(choosing, "ProcessLife", Refused)
    source = choosing.open_source(model, max_fps=30, device="cpu", awaited=awaited)
    source.start()
    until(lambda: source.newest() is None and len(nices) == 2)
    assert nices == [first, NICE_LOADING]


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "tpu", "cuda:x", "cuda:"])
def test_a_device_that_is_not_there_is_refused(device: str, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_cuda_devices", lambda: 0)
    with pytest.raises(ReverieError, match=device):
        choosing.open_source(model, max_fps=30, device=device)

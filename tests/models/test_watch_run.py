"""A training that is watched: what it leaves to look at, and that no fault of that touches what it learns."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from models.training import TrainConfig, TrainingError, train
from models.training.discrimination import Turn
from models.training.judge import Judge
from models.training.players import Players, Step
from models.training.report import Report
from models.training.watch.page import About
from tests.models.tiny import tiny
from tests.running import PATIENCE


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "<b>discs"
    folder.mkdir()
    for i in range(12):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def watched(data: Path, out: Path) -> TrainConfig:
    return tiny(data, out, kimg=0.032, snapshot_s=1e-6)


def told(folder: Path, kind: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == kind]


def kimgs(folder: Path, kind: str) -> list[float]:
    return [row["kimg"] for row in told(folder, kind)]


def differences(one: Path, other: Path) -> list[str]:
    a, b = (load_file(folder / "state.safetensors") for folder in (one, other))
    assert a.keys() == b.keys()
    return [name for name in a if not torch.equal(a[name], b[name])]


def test_a_run_leaves_a_page_a_history_and_pictures_that_move(data: Path, tmp_path: Path) -> None:
    train(watched(data, tmp_path))
    assert kimgs(tmp_path, "steps") == kimgs(tmp_path, "strip")[:4] == [0.008, 0.016, 0.024, 0.032]
    (row,) = [row for row in told(tmp_path, "steps") if row["kimg"] == 0.032]
    assert {"loss_g", "loss_d", "confidence", "norm_g", "norm_d", "p", "seconds", "waited"} <= row["values"].keys()
    assert 0 <= row["values"]["waited"] <= 1
    page = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;discs" in page
    assert "<b>discs" not in page
    for heading in ("How it learnt", "Curves", "Distance", "Recipe", "data:image/webp"):
        assert heading in page
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["images"] == ["reals", "fakes", "walk"]
    assert [event.step for event in events.Images("fakes")][-1] == 32
    assert events.Images("walk")[-1].encoded_image_string.startswith(b"GIF89a")
    assert len(events.Images("reals")) == 1
    assert events.Scalars("training/loss_g")[-1].step == 32


def test_looking_changes_nothing(data: Path, tmp_path: Path) -> None:
    often = watched(data, tmp_path / "often")
    train(often)
    train(replace(often, out=tmp_path / "once", snapshot_s=1000))
    assert len(kimgs(often.out, "strip")) > len(kimgs(tmp_path / "once", "strip"))
    assert differences(often.out, tmp_path / "once") == []


def test_a_run_that_goes_on_shows_all_of_it_and_nothing_that_was_lost(data: Path, tmp_path: Path) -> None:
    first = watched(data, tmp_path / "first")
    train(first)
    with (first.out / "history.jsonl").open("a") as file:  # as a kill between two files leaves it
        file.write('{"kind":"steps","kimg":0.04,"values":{"loss_g":99.0}}\n{"kind":"ste')
    on = replace(first, resume=first.out, out=tmp_path / "second", kimg=0.048)
    train(on)
    assert kimgs(on.out, "steps") == [0.008, 0.016, 0.024, 0.032, 0.04, 0.048]
    assert all(row["values"]["loss_g"] < 99 for row in told(on.out, "steps"))
    (said,) = told(on.out, "said")
    assert (said["kimg"], said["text"].startswith("resumed on ")) == (0.032, True)
    assert "resumed on" in (on.out / "report.html").read_text()
    train(replace(on, resume=on.out, kimg=0.056))
    assert len(told(on.out, "said")) == 2
    events = EventAccumulator(str(on.out / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("training/loss_g")] == [40, 48, 56]
    assert len(events.Images("reals")) == 1


def test_a_run_that_went_back_says_so(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Players.play

    def breaking(players: Players, batch: Any, turn: Turn) -> Step:
        step = play(players, batch, turn)
        return replace(step, loss_g=float("nan")) if turn.iteration == 2 and turn.attempt < 1 else step

    monkeypatch.setattr(Players, "play", breaking)
    train(replace(watched(data, tmp_path), snapshot_s=1000))
    (said,) = told(tmp_path, "said")
    assert (said["kimg"], said["warning"]) == (0, True)
    assert said["text"] == "the loss is not finite at kimg 0.0: back to kimg 0.0, with other random numbers"
    assert said["text"] in (tmp_path / "report.html").read_text()


def test_a_run_that_failed_says_why(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Players.play
    monkeypatch.setattr(Players, "play", lambda *of: replace(play(*of), loss_g=float("nan")))
    with pytest.raises(TrainingError):
        train(watched(data, tmp_path))
    assert "ended: the loss is not finite" in (tmp_path / "report.html").read_text()


def test_a_collapse_is_on_the_page(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def collapsed(judge: Judge) -> None:
        judge.warning = "the generator <may> have collapsed"

    monkeypatch.setattr(Judge, "measure", collapsed)
    train(replace(watched(data, tmp_path), snapshot_s=1000))
    assert "the generator &lt;may&gt; have collapsed" in (tmp_path / "report.html").read_text()


def test_nothing_that_is_watched_can_be_written_and_the_run_is_the_same(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(watched(data, tmp_path / "well"))
    capsys.readouterr()
    ill = watched(data, tmp_path / "ill")
    for name in ("history.jsonl", "report.html"):
        (ill.out / name).mkdir(parents=True)
    (ill.out / "tensorboard").write_bytes(b"")
    path = train(ill)
    assert path is not None
    assert differences(tmp_path / "well", ill.out) == []
    said = capsys.readouterr().out
    for name in ("history.jsonl cannot be written (Is a directory)", "report.html cannot be written (Is a directory)"):
        assert said.count(f"{name}: the training goes on without it; mend that") == 1
    assert said.count("cannot be written") == 3
    assert not list(ill.out.glob(".*.tmp"))


def test_a_page_that_can_be_written_again_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.html").mkdir()
    with Report(about(tmp_path), 0.0, None, leads=True) as report:
        for _ in range(2):
            report.reals(torch.zeros(4, 3, 8, 8), 0.0)
        (tmp_path / "report.html").rmdir()
        for _ in range(2):
            report.reals(torch.zeros(4, 3, 8, 8), 0.0)
    said = [line.removeprefix(f"{tmp_path / 'report.html'} ") for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "cannot be written (Is a directory): the training goes on without it; mend that",
        "is written again",
    ]


def about(out: Path) -> About:
    return About(out, 1.0, "data.zip", "00" * 32, 4, 0, (8, 8), "few", {})


def test_a_process_that_does_not_lead_tells_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Report(about(tmp_path), 0.0, None, leads=False) as report:
        report.step({"loss_g": 1.0, "seconds": 1.0, "waited": 0.0}, 0.008)
        report.line(0.008)
        report.event("something", 0.008)
        report.forget(0.0)
        report.note("more")
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_line_says_how_much_of_the_time_is_spent_waiting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Report(about(tmp_path), 0.0, None, leads=True) as report:
        report.step({"loss_g": 1.0, "penalty": None, "seconds": 40.0, "waited": 0.0}, 0.008)
        report.step({"loss_g": 2.0, "penalty": None, "seconds": 10.0, "waited": 5.0}, 0.016)
        report.line(0.016)
    line = capsys.readouterr().out
    assert line.startswith("kimg 0.0/1  ")
    assert line.endswith("  loss_g 1.500  data wait 10.0%\n")


def pipe() -> tuple[int, int]:
    return os.pipe()


@pytest.mark.parametrize("ends", [pipe, pty.openpty])
def test_a_run_outlives_whoever_watched_it(data: Path, tmp_path: Path, ends: Callable[[], tuple[int, int]]) -> None:
    out = tmp_path / "run"
    reader, writer = ends()
    options = ["--resolution", "16", "--batch", "8", "--threads", "1", "--kimg", "0.08"]
    command = [sys.executable, "-m", "engine", "train", "--data", str(data), "--out", str(out), *options]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, text=True, start_new_session=True) as child:
        try:
            os.close(writer)
            assert os.read(reader, 1)
            os.close(reader)
            _, said = child.communicate(timeout=PATIENCE)
        finally:
            child.kill()
    assert said.strip().startswith("nothing can be printed any more (")
    assert said.strip().count("\n") == 0
    assert child.returncode == 0
    assert json.loads((out / "history.jsonl").read_text().splitlines()[-1])["kimg"] == 0.08

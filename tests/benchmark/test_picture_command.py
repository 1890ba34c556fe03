"""`reverie bench picture` measures what `reverie record` would draw; what the figures mean, the other files test."""

import json
from pathlib import Path

import pytest
from PIL import Image

from engine.benchmark import picture
from engine.benchmark.picture import measure
from engine.walk.drift import Drift
from tests.commands import refused, said

SHOW = """\
reverie: 1
title: Small
canvas: {width: 160, height: 90, fps: 10}
model: museum-128
sensors:
  air: {type: serial, port: /dev/nowhere}
  hall: {type: sound}
passes:
  - grade
modulation:
  - {from: hall.bass, to: /walk/speed, out: [0, 0.5]}
panel: null
"""


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def test_it_prints_one_object_and_writes_a_sheet(show: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    found = json.loads(said("bench", "picture", show, "--seconds", 3, "--json", "--sheet", sheet))
    assert (found["canvas"], found["fps"], found["frames"]) == ("160×90", 10, 30)
    assert 0 < found["fine_energy"] < 1
    assert 0 < found["correlation_1s"] <= 1
    assert found["phases"]["walk"]["change_per_s"] > 0
    assert 0 < found["mean_light"] < 1
    assert found["onset_signal"] == "hall.onset"
    assert -1 <= found["onset_motion_r"] <= 1
    assert (found["largest_repeat"], found["correlation_3s"]) == (None, None)
    goals = {goal["figure"]: goal for goal in found["goals"]}
    assert goals["fine_energy"]["met"] == (found["fine_energy"] >= 0.2)
    assert goals["largest_repeat"] == {"figure": "largest_repeat", "value": None, "goal": "≤ 0.95", "met": None}
    assert 0 < found["measuring_s"] < found["took_s"]
    with Image.open(sheet) as drawn:
        assert drawn.format == "PNG"


def test_a_walk_that_tells_its_phase_is_measured_by_phase(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter(range(1000))

    def phase(walk: Drift) -> str:
        return "hold" if next(asked) < 45 else "passage"

    monkeypatch.setattr(picture, "OPENING", 0.5)
    monkeypatch.setattr(Drift, "phase", property(phase))
    show.write_text(SHOW.replace("hall: {type: sound}", "hall: {type: camera}").replace("hall.bass", "hall.motion"))
    found = measure(show, 8)
    assert set(found["phases"]) == {"hold", "passage"}
    assert found["light_swing_5s_outside_passages"] <= found["light_swing_5s"]
    assert found["onset_signal"] is None
    assert [goal["figure"] for goal in found["goals"] if "within" in goal["figure"]] == [
        "phases.hold.within_25_percent",
        "phases.passage.within_25_percent",
    ]


def test_people_get_a_table(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "OPENING", 0.0)
    printed = said("bench", "picture", show, "--seconds", 2)
    assert "fine_energy" in printed
    assert "≥ 0.2" in printed
    assert "not measured" in printed


def test_a_sheet_that_cannot_be_is_refused_before_anything_is_drawn(show: Path) -> None:
    show.write_text("not even a show")
    assert "sheet.jpg: a contact sheet needs the name of a .png file" in refused(
        "bench", "picture", show, "--sheet", "sheet.jpg"
    )
    assert "show.yaml" in refused("bench", "picture", show)

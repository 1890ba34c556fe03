"""Whether a show gets its window, and what it is told where it does not."""

from pathlib import Path

import pytest

from engine.build import RunOptions, build_outputs, load, no_display

SHOW = """\
reverie: 1
title: Wanted
model: museum-128
outputs:
  - {type: OUTPUT}
"""


@pytest.mark.parametrize(
    ("output", "offscreen", "told"),
    [("window", False, "no display: DISPLAY is not set; "), ("window", True, ""), ("offscreen", False, "")],
)
def test_only_a_show_that_wants_a_window_misses_a_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, offscreen: bool, told: str
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    path = tmp_path / "show.yaml"
    path.write_text(SHOW.replace("OUTPUT", output))
    loaded, options = load(path), RunOptions(offscreen=offscreen)
    outputs, window = build_outputs(loaded, options)
    assert [name for name, _ in outputs] == ["offscreen"]
    assert window is None
    why = no_display(loaded, options, window)
    assert why.startswith(told)
    assert bool(why) == bool(told)

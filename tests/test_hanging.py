"""A shader that never ends, taken up by a running show: the watchdog has a new engine show the version before it."""

import os
import shutil
import signal
from pathlib import Path

from tests.running import ROOT, descendants, running_show

SHOW = """\
reverie: 1
title: Hanging
canvas: {width: 160, height: 90, fps: 20}
model: museum-128
passes: [own.fs]
outputs:
  - {type: offscreen}
"""
# Mesa's software renderer leaves loops after 65,535 turns in all: with long turns, that is as good as never.
LONG = "x = sin(x) + 1.0; " * 400
ENDLESS = f"void main() {{\n  float x = TIME;\n  while (x < 9.0) {{ {LONG}}}\n  if (x == 5.0) discard;\n"


def test_a_shader_that_never_ends(tmp_path: Path) -> None:
    shader = tmp_path / "own.fs"
    shutil.copy(ROOT / "shaders" / "vignette.fs", shader)
    show = tmp_path / "show.yaml"
    show.write_text(SHOW)
    good = shader.read_text()
    with running_show(show) as running:
        running.wait("health", lambda: running.get("healthz")["status"] == "ok")
        shader.write_text(good.replace("void main() {", ENDLESS))
        running.wait("another engine", lambda: running.get("healthz")["engine_restarts"] == 1)
        running.wait("its frames", lambda: running.get("healthz")["presented_frames"] > 20)
        told = running.get("healthz")["problems"]["shader own"]
        assert told == f"{shader}: the version before it runs; edit the file and it is tried again"
        assert "/passes/own/amount" in [p["address"] for p in running.get("api/parameters")["parameters"]]
        shader.write_text(good + "\n// mended\n")
        running.wait("health", lambda: running.get("healthz")["status"] == "ok")
        assert running.get("healthz")["engine_restarts"] == 1
        assert running.end() == 0
    said = running.log.read_text()
    assert said.count("the engine hung in the pass own") == 1
    assert "starting anew, with the last good version of own" in said
    assert "Traceback" not in said


def test_what_was_lost_or_broken_meanwhile_runs_as_it_was_before(tmp_path: Path) -> None:
    """A shader deleted, one mended, and a show file broken, all while an engine dies."""
    for name in ("own", "two"):
        shutil.copy(ROOT / "shaders" / "vignette.fs", tmp_path / f"{name}.fs")
    show = tmp_path / "show.yaml"
    show.write_text(SHOW.replace("[own.fs]", "[own.fs, two.fs]"))
    with running_show(show) as running:
        running.wait("health", lambda: running.get("healthz")["status"] == "ok")
        (engine, *_) = descendants(running.process.pid)
        os.kill(engine, signal.SIGSTOP)  # nothing is taken up any more
        (tmp_path / "own.fs").unlink()
        edited = (tmp_path / "two.fs").read_text().replace('"NAME": "amount"', '"NAME": "quantity"')
        (tmp_path / "two.fs").write_text(edited.replace("amount", "quantity"))
        show.write_text("title: [broken\n")
        os.kill(engine, signal.SIGKILL)
        running.wait("another engine", lambda: running.get("healthz")["engine_restarts"] == 1)
        running.wait("its frames", lambda: running.get("healthz")["presented_frames"] > 10)
        problems = running.get("healthz")["problems"]
        assert "the version before it runs" in problems["shader own"]
        assert "not valid YAML" in problems["show"]
        assert "shader two" not in problems
        addresses = [p["address"] for p in running.get("api/parameters")["parameters"]]
        assert {"/passes/own/amount", "/passes/two/quantity"} <= set(addresses)
        assert running.end() == 0

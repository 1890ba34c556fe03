"""A live recording shows what the wall showed, when it showed it."""

import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import av

from tests.running import descendants, running_show

SHOW = """\
reverie: 1
title: Recorded
canvas: {width: 160, height: 90, fps: 20}
model: museum-128
passes: [grade]
"""
STALL = 1.5  # seconds; picture time goes on by a tenth of one


def test_a_stall_is_as_long_in_the_recording_as_on_the_wall(tmp_path: Path) -> None:
    show = tmp_path / "show.yaml"
    show.write_text(SHOW)
    with running_show(show, "--record", str(tmp_path / "day.mp4")) as running:
        running.wait("frames", lambda: running.get("healthz")["presented_frames"] > 20)
        (engine, *_) = descendants(running.process.pid)
        os.kill(engine, signal.SIGSTOP)
        time.sleep(STALL)
        os.kill(engine, signal.SIGCONT)
        shown = running.get("healthz")["presented_frames"]
        running.wait("more frames", lambda: running.get("healthz")["presented_frames"] > shown + 20)
        assert running.end() == 0
    (film,) = tmp_path.glob("*.mp4")
    with av.open(str(film)) as video:
        times = [float(frame.time) for frame in video.decode(video=0)]
    assert max(b - a for a, b in pairwise(times)) >= STALL - 0.1

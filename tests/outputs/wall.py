"""A program for tests: a window output that shows orange until it is ended, and prints what it has to say.

Usage: wall.py MONITOR [windowed]. Prints one JSON object each time something changed, with the frames presented so far.
"""

import json
import sys
import time

import numpy as np

from engine.outputs.base import Canvas
from engine.outputs.window import WindowConfig, WindowOutput
from engine.render.context import WindowRequest, open_context

ORANGE = (255, 128, 0, 255)


def main(monitor: int | str, fullscreen: bool) -> None:
    """Until the window is closed, its display server goes away, or the process is ended."""
    gl = open_context(WindowRequest("Wall", monitor, fullscreen, 640, 360))
    output = WindowOutput(WindowConfig(monitor=monitor, fullscreen=fullscreen))
    output.open(gl, Canvas(640, 360, 30))
    print(json.dumps({"found": output.describe()}), flush=True)
    texture = gl.ctx.texture((640, 360), 4, np.full((360, 640, 4), ORANGE, np.uint8).tobytes())
    frame, said = 0, None
    while not (gl.lost or output.closed_by_user):
        output.present(texture, frame, frame / 30)
        frame += 1
        if output.problem != said or frame % 25 == 0:
            said = output.problem
            print(json.dumps({"frames": frame, "problem": said, "where": output.describe()}), flush=True)
        time.sleep(0.01)
    output.close()
    gl.close()
    print(json.dumps({"ended": "in order"}), flush=True)


if __name__ == "__main__":
    wish = sys.argv[1]
    main(int(wish) if wish.isdecimal() else wish, "windowed" not in sys.argv)

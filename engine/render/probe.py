"""Ends with code 0 where a window with OpenGL 3.3 can be opened. A program of its own, since trying may hang."""

import signal
import sys

import glfw

LIMIT = 60  # seconds


def main() -> int:
    """Open a hidden window."""
    signal.alarm(LIMIT)  # should whoever started it be gone
    glfw.ERROR_REPORTING = "ignore"
    if not glfw.init():
        return 1
    glfw.window_hint(glfw.VISIBLE, glfw.FALSE)
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    window = glfw.create_window(64, 64, "Reverie", None, None)
    return 0 if window else 1


if __name__ == "__main__":
    sys.exit(main())

"""The generator's frames, made into motion at display rate. The display never waits for the generator.

Each new frame starts a cross-fade from what is on screen at that moment, so one that arrives early or late never makes
the picture jump. A fade is planned a quarter longer than the measured interval between frames and runs at constant
speed for its first four fifths: while frames keep coming the motion never pauses, and when they stop it lands softly.
(Easing every fade in and out would make a slow generator pulse at its own rate.) The mix is made in OKLab, where
halfway between two colours also looks halfway.
"""

import moderngl
import numpy as np

from engine.render.draw import Draw, Size, Surface

FIRST_FADE = 1.5  # seconds, while no interval has been measured
SHORTEST, LONGEST = 1 / 120, 8.0  # seconds between frames that are believed
WEIGHT = 0.3  # of the newest interval in the smoothed one
LARGEST_CHANGE = 4.0  # by which factor one interval may differ from what is known
STRETCH = 1.25
STEADY = 0.8  # the part of a fade that runs at constant speed

FADE = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;

vec3 to_lab(vec3 c) {
    c = clamp(c, 0.0, 1.0);
    c = mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
    mat3 cones = mat3(0.4122215, 0.2119035, 0.0883025, 0.5363325, 0.6806995, 0.2817188,
                      0.0514460, 0.1073970, 0.6299787);
    return pow(cones * c, vec3(1.0 / 3.0));  // OKLab up to a matrix, which mixing does not need
}

vec3 from_lab(vec3 lms) {
    mat3 rgb = mat3(4.0767417, -1.2684380, -0.0041961, -3.3077116, 2.6097574, -0.7034186,
                    0.2309699, -0.3413194, 1.7076147);
    vec3 c = clamp(rgb * (lms * lms * lms), 0.0, 1.0);
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}

void main() {
    vec3 mixed = mix(to_lab(texture(before, uv).rgb), to_lab(texture(after, uv).rgb), amount);
    colour = vec4(from_lab(mixed), 1.0);
}
"""

DUSK = """
#version 330
in vec2 uv;
out vec4 colour;
uniform float time;

void main() {
    float height = uv.y + 0.06 * sin(2.3 * uv.x + 0.11 * time) + 0.03 * sin(5.1 * uv.x - 0.17 * time);
    vec3 low = mix(vec3(0.45, 0.24, 0.20), vec3(0.30, 0.17, 0.24), smoothstep(0.0, 0.45, height));
    vec3 sky = mix(low, vec3(0.09, 0.10, 0.19), smoothstep(0.25, 1.0, height));
    float glow = exp(-6.0 * dot(uv - vec2(0.5 + 0.2 * sin(0.05 * time), 0.2), uv - vec2(0.5, 0.2)));
    colour = vec4(sky + glow * vec3(0.22, 0.12, 0.05), 1.0);
}
"""
DUSK_SIZE = (128, 128)


class Interpolator:
    """Newest frames in, one texture per display frame out. Display thread only; all times are show time in seconds."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._fade = Draw(context, FADE)
        self._dusk = Draw(context, DUSK)
        self._shown = Surface(context, DUSK_SIZE)
        self._start = Surface(context, DUSK_SIZE)
        self._newest: moderngl.Texture | None = None
        self._pushed_at = 0.0
        self._interval: float | None = None
        self._settled = False

    @property
    def interval(self) -> float | None:
        """Smoothed seconds between generated frames, None before the second one."""
        return self._interval

    def push(self, frame: np.ndarray, now: float) -> None:
        """Take a new frame, uint8 [H, W, 4], row 0 at the top, and begin to fade to it."""
        self.render(now)
        self._start, self._shown = self._shown, self._start
        self._measure(now)
        self._upload(frame)
        self._pushed_at = now
        self._settled = False

    def restart(self, frame: np.ndarray, now: float) -> None:
        """Show this frame at once and forget what was before: another generator begins."""
        self.forget()
        self._upload(frame)
        assert self._newest is not None
        self._fade(self._shown, before=self._newest, after=self._newest, amount=1.0)
        self._pushed_at = now
        self._settled = True

    def forget(self) -> None:
        """Be as before the first frame."""
        if self._newest is not None:
            self._newest.release()
        self._newest = None
        self._interval = None
        self._settled = False

    def render(self, now: float) -> moderngl.Texture:
        """What to show at `now`: RGBA16F at the generator's resolution, display-referred; dusk before a first frame."""
        if self._newest is None:
            self._dusk(self._shown, time=now)
        elif not self._settled:
            progress = self._progress(now)
            self._fade(self._shown, before=self._start.texture, after=self._newest, amount=_ease(progress))
            self._settled = progress >= 1.0
        return self._shown.texture

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._fade, self._dusk, self._shown, self._start, self._newest):
            if thing is not None:
                thing.release()
        self._newest = None

    def _progress(self, now: float) -> float:
        planned = FIRST_FADE if self._interval is None else self._interval * STRETCH
        return min(max((now - self._pushed_at) / planned, 0.0), 1.0)

    def _measure(self, now: float) -> None:
        if self._newest is None:
            return
        gap = min(max(now - self._pushed_at, SHORTEST), LONGEST)
        known = gap if self._interval is None else self._interval
        believed = min(max(gap, known / LARGEST_CHANGE), known * LARGEST_CHANGE)
        self._interval = known + WEIGHT * (believed - known)

    def _upload(self, frame: np.ndarray) -> None:
        size: Size = (frame.shape[1], frame.shape[0])
        if self._newest is None or self._newest.size != size:
            if self._newest is not None:
                self._newest.release()
            self._newest = self._context.texture(size, 4)
            self._newest.repeat_x = self._newest.repeat_y = False
        if self._shown.size != size:
            self._shown.release()
            self._shown = Surface(self._context, size)
        self._newest.write(np.ascontiguousarray(frame[::-1]).data)


def _ease(progress: float) -> float:
    """Constant speed, then a soft landing; 0 to 1."""
    if progress < STEADY:
        return progress * 2 / (1 + STEADY)
    return 1 - (1 - progress) ** 2 / (1 - STEADY**2)

"""Where on the wall it flickers: opposing changes of light, counted at sampled places and gathered in cells.

A place is one pixel of the picture, chosen once in each of 4 × 4 parts of a cell, so that no regular pattern can hide
between them. At each place the last extremum of luminance is followed, of the wanted picture and of what was shown; a
turn by more than the change that counts is one transition, and so is a step into or out of saturated red. Transitions
are counted, for either picture, in a number that gains 1 with each and fades with TAU. A place flashes where one of the
two is above ALLOWED: that of the shown picture bounds what is seen, that of the wanted one holds on while it goes on.
A cell is limited while, in any block of cells around it, a share of the places flashes or the mean of the block does.
The proof of the bound that follows is in docs/LIMITER.md.

Tried and left: counting in the mean of a tile, which is blind to two halves in antiphase; counting in all pixels, which
costs sixteen times as much and tells the same.
"""

from math import exp

import moderngl

from engine.render.buffers import Buffer
from engine.render.draw import Draw, Size, Surface
from engine.render.light import LIGHT, NUMBERS
from engine.render.wall import BLOCK, WCAG_CHANGE, Wall

PLACES = 4  # of a cell, along each side
ALLOWED = 2.0
TAU = 1.05  # seconds; the rules speak of one
CAREFUL = 0.9  # of the change that counts: what somebody else measures never turns out larger
SLOW = 1.8  # changes that count, per second, for what is limited
FREE = 100.0  # full scales per second from which nothing is limited any more
DOUBLING = 0.1  # seconds in which what is let go again may go twice as fast
LONGEST_STEP = 0.1  # seconds that one frame may stand for where light moves; for the count all of them do
START = 1 / 32  # of SLOW, at the start: engines that begin again and again show less than a change that counts
BLACK_PLACE, BLACK_BLOCK = (-0.5, -0.5, -1.0, -1.0), (0.0, -0.5, 0.0, 1.0)

# A place: ± (0.5 + last extremum) of the wanted picture, the same of the shown one, positive while light rises;
# ± (1 + count) of the wanted picture, the same of the shown one, positive while it is red there.
TURNS = """
uniform float low, high, darker;

bool turns(float light, inout float state) {
    bool rising = state > 0.0;
    float extremum = abs(state) - 0.5;
    float back = rising ? extremum - light : light - extremum;
    if (back >= (min(extremum, light) < darker ? low : high)) {
        state = rising ? -0.5 - light : 0.5 + light;
        return true;
    }
    state = rising ? 0.5 + max(extremum, light) : -0.5 - min(extremum, light);
    return false;
}
"""

PLACE = """
ivec2 pixel_of(ivec2 place, sampler2D image, ivec2 places) {
    vec2 inside = fract(float(place.x) * vec2(0.7548777, 0.5698403) + float(place.y) * vec2(0.3819660, 0.2360680));
    return ivec2((vec2(place) + inside) / vec2(places) * vec2(textureSize(image, 0)));
}
"""

SENSE = (
    "#version 330\n"
    + LIGHT
    + NUMBERS
    + TURNS
    + PLACE
    + """
out vec4 place;
uniform sampler2D image;
uniform sampler2D shown;
uniform sampler2D before;
uniform float fading;

bool is_red(vec3 c, bool was) {
    return c.r > (was ? 0.004 : 0.008) && c.r > (was ? 0.70 : 0.77) * (c.r + c.g + c.b);
}

float counted(vec3 light, inout float turning, float count) {
    bool was_red = count > 0.0, red = is_red(light, was_red);
    bool turned = turns(luminance(light), turning) || red != was_red;
    float counted = 1.0 + min((abs(count) - 1.0) * fading + float(turned), 64.0);
    return red ? counted : -counted;
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy), pixel = pixel_of(here, image, textureSize(before, 0));
    vec3 now = to_linear(texelFetch(shown, pixel, 0).rgb);
    vec3 wanted = texelFetch(image, pixel, 0).rgb;
    wanted = is_number(wanted) ? to_linear(clamp(wanted, 0.0, 1.0)) : now;
    place = texelFetch(before, here, 0);
    place.z = counted(wanted, place.x, place.z);
    place.w = counted(now, place.y, place.w);
}
"""
)

TALLY = (
    "#version 330\n"
    + LIGHT
    + PLACE
    + f"""
out vec4 cell;  // share of its places that flash, their mean count, their mean luminance
uniform sampler2D places;
uniform sampler2D shown;
uniform float allowed;
void main() {{
    vec3 sum = vec3(0.0);
    for (int y = 0; y < {PLACES}; y++)
        for (int x = 0; x < {PLACES}; x++) {{
            ivec2 place = {PLACES} * ivec2(gl_FragCoord.xy) + ivec2(x, y);
            vec2 counts = abs(texelFetch(places, place, 0).zw) - 1.0;
            float count = max(counts.x, counts.y);
            vec3 light = to_linear(texelFetch(shown, pixel_of(place, shown, textureSize(places, 0)), 0).rgb);
            sum += vec3(float(count > allowed), count, luminance(light));
        }}
    cell = vec4(sum / {PLACES * PLACES}.0, 1.0);
}}
"""
)

WINDOW = f"""
#version 330
{TURNS}
out vec4 block;  // whether it is above the limit; ± (0.5 + last extremum) of its mean; count of that
uniform sampler2D cells;
uniform sampler2D before;
uniform float fading, allowed, share;
void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy), last = textureSize(cells, 0) - 1;
    vec3 sum = vec3(0.0);
    for (int y = max(here.y - {BLOCK // 2}, 0); y <= min(here.y + {BLOCK // 2}, last.y); y++)
        for (int x = max(here.x - {BLOCK // 2}, 0); x <= min(here.x + {BLOCK // 2}, last.x); x++)
            sum += vec3(texelFetch(cells, ivec2(x, y), 0).xz, 1.0);
    vec4 old = texelFetch(before, here, 0);
    float count = old.z * fading + float(turns(sum.y / sum.z, old.y));
    block = vec4(float(sum.x >= share * {BLOCK * BLOCK}.0 || count > allowed), old.y, count, 1.0);
}}
"""

# A limited cell: how fast light may move in it, in full scales per second; whether it was limited in the frame before;
# whether it was at any time, and its greatest mean count meanwhile, since somebody asked.
LIMIT = f"""
#version 330
out vec4 limit;
uniform sampler2D blocks;
uniform sampler2D cells;
uniform sampler2D before;
uniform float slow, growth, kept;
void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy), last = textureSize(blocks, 0) - 1;
    float above = 0.0;
    for (int y = max(here.y - {BLOCK // 2}, 0); y <= min(here.y + {BLOCK // 2}, last.y); y++)
        for (int x = max(here.x - {BLOCK // 2}, 0); x <= min(here.x + {BLOCK // 2}, last.x); x++)
            above = max(above, texelFetch(blocks, ivec2(x, y), 0).x);
    vec4 old = texelFetch(before, here, 0);
    float speed = above > 0.0 ? slow : min(old.x * growth, {FREE:.1f});
    limit = vec4(speed, float(old.x < {FREE:.1f}), max(old.z * kept, above),
                 max(old.w * kept, above * texelFetch(cells, here, 0).y));
}}
"""


class Flicker:
    """Follows presented frames and says where light may move how fast. Display thread only; release with `close`.

    `limits.front` is what it says, one texel a cell: full scales per second, FREE and above for as fast as it likes.
    """

    def __init__(self, context: moderngl.Context, canvas: Size, wall: Wall) -> None:
        self.wall = wall
        self.cells = wall.cells(canvas)
        self._share = wall.share(canvas)
        self._sense, self._tally, self._window, self._limit = (
            Draw(context, text) for text in (SENSE, TALLY, WINDOW, LIMIT)
        )
        places = (PLACES * self.cells[0], PLACES * self.cells[1])
        self._places = _filled(Buffer(context, places, "f4"), BLACK_PLACE)
        self._tallied = Surface(context, self.cells, "f4")
        self._blocks = _filled(Buffer(context, self.cells, "f4"), BLACK_BLOCK)
        self.limits = _filled(Buffer(context, self.cells, "f4"), (START * SLOW * wall.change, 1.0, 0.0, 0.0))
        self._kept = 1.0

    def judge(self, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Say where the frame to come is limited. `shown` is the last one, `step` display time since then in seconds."""
        allowed, growth = ALLOWED / strictness, 2.0 ** (min(step, LONGEST_STEP) / DOUBLING)
        self._tally(self._tallied, places=self._places.front.texture, shown=shown, allowed=allowed)
        self._window(
            self._blocks.back, cells=self._tallied.texture, before=self._blocks.front.texture, allowed=allowed,
            fading=exp(-step / TAU), share=self._share / strictness, **self._changes(strictness),
        )  # fmt: skip
        self._blocks.swap()
        self._limit(
            self.limits.back, blocks=self._blocks.front.texture, cells=self._tallied.texture,
            before=self.limits.front.texture, slow=SLOW * self.wall.change / strictness, growth=growth, kept=self._kept,
        )  # fmt: skip
        self.limits.swap()
        self._kept = 1.0

    def see(self, image: moderngl.Texture, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Count what the frame has brought: the wanted picture and what is shown of it."""
        self._sense(
            self._places.back, image=image, shown=shown, before=self._places.front.texture,
            fading=exp(-step / TAU), **self._changes(strictness),
        )  # fmt: skip
        self._places.swap()

    def forget_peaks(self) -> None:
        """Somebody has read `limits`: note peaks anew from the next frame on."""
        self._kept = 0.0

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._sense, self._tally, self._window, self._limit, self._tallied):
            thing.release()
        for buffer in (self._places, self._blocks, self.limits):
            buffer.release()

    def _changes(self, strictness: float) -> dict[str, float]:
        careful = CAREFUL / strictness
        return {"low": careful * self.wall.change, "high": careful * WCAG_CHANGE, "darker": self.wall.darker}


def _filled(buffer: Buffer, values: tuple[float, float, float, float]) -> Buffer:
    buffer.front.framebuffer.clear(*values)
    return buffer

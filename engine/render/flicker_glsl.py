"""The shaders of `flicker.py`, in the order in which they are drawn."""

from engine.render.light import LIGHT, LUMINANCE, NUMBERS
from engine.render.wall import BLOCK

PLACES = 2  # of a cell, along each side
POINTS = 2  # of a place, along each side: two finer ones and two coarser ones
FREE = 100.0  # full scales per second from which nothing is limited any more

# The mean of each area in linear light, of what is wanted and of what was shown: of all its pixels, or of a part of so
# many pixels along each side that lies somewhere in it. Which part depends on the area, so that no regular pattern
# hides between them. Reading is what costs, and where nothing is limited the two are the same. What is no number shows
# what it showed.
LOOK = f"""
#version 330
{NUMBERS}
{LIGHT}
layout(location = 0) out vec4 wanted;
layout(location = 1) out vec4 seen;
uniform sampler2D image;
uniform sampler2D shown;
uniform sampler2D limits;
uniform float in_cell;  // areas, along each side
uniform vec2 pixels;  // of an area
uniform ivec2 most;  // of every other area, and of those between

ivec2 border(ivec2 area) {{ return ivec2(vec2(area) * pixels + 0.01); }}  // whole-number division would cost a third

void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy), size = textureSize(shown, 0);
    ivec2 from = border(here), to = max(border(here + 1), from + 1);
    int side = (here.x + here.y) % 2 == 0 ? most.x : most.y;
    vec2 chance = fract(float(here.x) * vec2(0.7548777, 0.5698403) + float(here.y) * vec2(0.3819660, 0.2360680));
    from += ivec2(chance * vec2(max(to - from - side, 0) + 1));
    to = min(min(to, from + side), size);
    from = min(from, size - 1);
    vec3 sum = vec3(0.0);
    for (int y = from.y; y < to.y; y++)
        for (int x = from.x; x < to.x; x++) sum += to_linear(texelFetch(shown, ivec2(x, y), 0).rgb);
    float count = float((to.x - from.x) * (to.y - from.y));
    seen = wanted = vec4(sum / count, 1.0);
    if (texelFetch(limits, ivec2(gl_FragCoord.xy / in_cell), 0).x >= {FREE:.1f}) return;
    sum = vec3(0.0);
    for (int y = from.y; y < to.y; y++)
        for (int x = from.x; x < to.x; x++) {{
            vec3 light = texelFetch(image, ivec2(x, y), 0).rgb;
            sum += is_number(light) ? to_linear(clamp(light, 0.0, 1.0)) : seen.rgb;
        }}
    wanted.rgb = sum / count;
}}
"""

# Transitions, counted: ± (0.5 + last extremum of luminance) of the wanted picture and of the shown one, positive while
# it rises; ± (1 + counts) of both, positive while it is red. Counts are BUCKETS times four bits, the lowest for the
# newest quarter of a second.
BUCKETS = 5
COUNTING = (
    f"""
#version 330
{LUMINANCE}
const int KEPT = {(1 << 4 * BUCKETS) - 1};
"""
    + """
out vec4 state;
uniform sampler2D before;
uniform int passed;  // quarters of a second that are over since the frame before
uniform vec2 low, high;  // changes that count, of every other one, and of those between
uniform float darker;

bool turns(float light, inout float turning) {
    bool rising = turning > 0.0;
    float extremum = abs(turning) - 0.5;
    float back = rising ? extremum - light : light - extremum;
    vec2 enough = min(extremum, light) < darker ? low : high;
    ivec2 here = ivec2(gl_FragCoord.xy);
    if (back >= ((here.x + here.y) % 2 == 0 ? enough.x : enough.y)) {
        turning = rising ? -0.5 - light : 0.5 + light;
        return true;
    }
    turning = rising ? 0.5 + max(extremum, light) : -0.5 - min(extremum, light);
    return false;
}

float counted(float counts, bool turned) {
    int kept = (int(abs(counts) - 1.0) << 4 * passed) & KEPT;
    return 1.0 + float(kept + int(turned && (kept & 15) < 15));
}
"""
)

MEAN = """
vec3 mean(sampler2D areas) {
    ivec2 first = along * ivec2(gl_FragCoord.xy);
    vec3 sum = vec3(0.0);
    for (int y = 0; y < along; y++)
        for (int x = 0; x < along; x++) sum += texelFetch(areas, first + ivec2(x, y), 0).rgb;
    return sum / float(along * along);
}
"""

# Those of a point or a place, which is the mean of `along` × `along` areas. Where there is next to no light there is no
# red.
COUNT = (
    COUNTING
    + """
uniform sampler2D wanted;
uniform sampler2D shown;
uniform int along;
"""
    + MEAN
    + """
float counted(vec3 light, inout float turning, float counts) {
    bool was_red = counts > 0.0, red = light.r > (was_red ? 0.70 : 0.77) * (light.r + light.g + light.b + 0.002);
    bool turned = turns(luminance(light), turning);
    float sum = counted(counts, turned || red != was_red);
    return red ? sum : -sum;
}

void main() {
    state = texelFetch(before, ivec2(gl_FragCoord.xy), 0);
    state.z = counted(mean(wanted), state.x, state.z);
    state.w = counted(mean(shown), state.y, state.w);
}
"""
)

COUNT_LIGHT = """
vec4 counted(vec2 light, vec4 now) {
    bool wanted_turns = turns(light.x, now.x), shown_turns = turns(light.y, now.y);
    return vec4(now.xy, -counted(now.z, wanted_turns), -counted(now.w, shown_turns));
}
"""

# Those of the mean of a cell, which is kept: its luminance, wanted and shown.
COUNT_CELL = (
    COUNTING.replace("out vec4 state", "layout(location = 0) out vec4 state")
    + COUNT_LIGHT
    + """
layout(location = 1) out vec4 light;
uniform sampler2D wanted;
uniform sampler2D shown;
uniform int along;
"""
    + MEAN
    + """
void main() {
    light = vec4(luminance(mean(wanted)), luminance(mean(shown)), 0.0, 1.0);
    state = counted(light.xy, texelFetch(before, ivec2(gl_FragCoord.xy), 0));
}
"""
)

# The means of whole rows of cells.
ROW_MEANS = """
#version 330
out vec4 light;
uniform sampler2D lights;
void main() {
    int row = int(gl_FragCoord.y), across = textureSize(lights, 0).x;
    vec2 sum = vec2(0.0);
    for (int x = 0; x < across; x++) sum += texelFetch(lights, ivec2(x, row), 0).xy;
    light = vec4(sum / float(across), 0.0, 1.0);
}
"""

# The transitions of the mean of so many lights, from each on.
COUNT_MEANS = (
    COUNTING
    + COUNT_LIGHT
    + """
uniform sampler2D lights;
uniform ivec2 along;
void main() {
    ivec2 here = ivec2(gl_FragCoord.xy), end = min(here + along, textureSize(lights, 0));
    vec2 sum = vec2(0.0);
    for (int y = here.y; y < end.y; y++)
        for (int x = here.x; x < end.x; x++) sum += texelFetch(lights, ivec2(x, y), 0).xy;
    state = counted(sum / float((end.x - here.x) * (end.y - here.y)), texelFetch(before, here, 0));
}
"""
)

TRANSITIONS = f"""
int transitions(float counts) {{
    int left = int(abs(counts) - 1.0), sum = 0;
    for (int i = 0; i < {BUCKETS}; i++) sum += (left >> 4 * i) & 15;
    return sum;
}}

int most(vec4 state) {{ return max(transitions(state.z), transitions(state.w)); }}
"""

# Of a cell: the share of it that flashes, by places or by points; whether its mean does; the most transitions.
TALLY = f"""
#version 330
out vec4 cell;
uniform sampler2D places;
uniform sampler2D points;
uniform sampler2D means;
uniform int enough;
{TRANSITIONS}
vec2 seen(int counts) {{ return vec2(float(counts >= enough), float(counts)); }}

vec2 at_point(ivec2 point) {{ return seen(most(texelFetch(points, point, 0))); }}

// Of two points both must flash: brush strokes and grain make single ones do so, a pattern makes all.
vec2 with(vec2 one, vec2 other) {{ return vec2(min(one.x, other.x), max(one.y, other.y)); }}

vec2 of_points(ivec2 place) {{
    ivec2 first = {POINTS} * place;
    vec2 finer = with(at_point(first), at_point(first + 1));
    return max(finer, with(at_point(first + ivec2(1, 0)), at_point(first + ivec2(0, 1))));
}}

void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy);
    float sum = 0.0, worst = 0.0;
    for (int i = 0; i < {PLACES * PLACES}; i++) {{
        ivec2 place = {PLACES} * here + ivec2(i % {PLACES}, i / {PLACES});
        vec2 there = max(seen(most(texelFetch(places, place, 0))), of_points(place));
        sum += there.x;
        worst = max(worst, there.y);
    }}
    vec2 mean = seen(most(texelFetch(means, here, 0)));
    cell = vec4(sum / {PLACES * PLACES}.0, mean.x, max(worst, mean.y), 1.0);
}}
"""

# So many texels in one: the least of x, the sum of y, the most of x, which `again` finds in z.
GATHER = """
#version 330
out vec4 gathered;
uniform sampler2D texels;
uniform ivec2 along;
uniform bool again;
void main() {
    ivec2 first = ivec2(gl_FragCoord.xy) * along;
    gathered = vec4(1e9, 0.0, 0.0, 1.0);
    for (int y = 0; y < along.y; y++)
        for (int x = 0; x < along.x; x++) {
            vec4 texel = texelFetch(texels, first + ivec2(x, y), 0);
            float most = again ? texel.z : texel.x;
            gathered.xyz = vec3(min(gathered.x, texel.x), gathered.y + texel.y, max(gathered.z, most));
        }
}
"""

# Whether the block of cells that begins with this one is above the limit, or has part in a screen that is. Means of
# blocks and of the screen turn too often where parts of them flash in turn.
JUDGE = f"""
#version 330
out vec4 above;
uniform sampler2D cells;
uniform sampler2D screen;
uniform sampler2D block_means;
uniform sampler2D screen_mean;
uniform vec2 shares;  // of a block, of the screen
uniform int enough;
{TRANSITIONS}
void main() {{
    ivec2 size = textureSize(cells, 0), here = ivec2(gl_FragCoord.xy), end = min(here + {BLOCK}, size);
    vec2 sum = vec2(0.0);
    for (int y = here.y; y < end.y; y++)
        for (int x = here.x; x < end.x; x++) sum += texelFetch(cells, ivec2(x, y), 0).xy;
    bool on_screen = sum.y > 0.0 && texelFetch(screen, ivec2(0), 0).y >= shares.y * float(size.x * size.y);
    int turns = max(most(texelFetch(block_means, here, 0)), most(texelFetch(screen_mean, ivec2(0), 0)));
    bool in_block = any(greaterThanEqual(sum, shares * {BLOCK * BLOCK}.0));
    above = vec4(float(in_block || on_screen || turns >= enough), 0.0, 0.0, 1.0);
}}
"""

# Of a cell: its speed, in full scales per second, which grows from `held` to FREE once it is not limited any more;
# whether it is limited since this frame; since somebody asked, whether it was at any time and the most transitions.
LIMIT = f"""
#version 330
const float FREE = {FREE:.1f};
out vec4 limit;
uniform sampler2D blocks;
uniform sampler2D cells;
uniform sampler2D before;
uniform float held, growth, kept;
void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy), first = max(here - {BLOCK - 1}, 0);
    float above = 0.0;
    for (int y = first.y; y <= here.y; y++)
        for (int x = first.x; x <= here.x; x++) above = max(above, texelFetch(blocks, ivec2(x, y), 0).x);
    vec4 old = texelFetch(before, here, 0);
    float speed = above > 0.0 ? held : min(old.x * growth, FREE);
    vec2 peaks = above * vec2(1.0, texelFetch(cells, here, 0).z);
    limit = vec4(speed, float(speed < FREE && old.x >= FREE), max(old.zw * kept, peaks));
}}
"""

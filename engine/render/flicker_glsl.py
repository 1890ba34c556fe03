"""The shaders of `flicker.py`, in the order in which they are drawn."""

from engine.render.light import LUMINANCE, NUMBERS
from engine.render.wall import BLOCK

PLACES = 2  # of a cell, along each side
TAPS = 10  # pixels at most that a place is looked at through, along each side
FREE = 100.0  # full scales per second from which nothing is limited any more

# What a place looks like, wanted and shown: luminance and share of red, each as a mean of `taps` × `taps` pixels, one
# somewhere in each part of it. Where there is next to no light there is no red. Reading is what costs, and where
# nothing is limited the two are the same.
LOOK = f"""
#version 330
{LUMINANCE}
{NUMBERS}
out vec4 light;
uniform sampler2D image;
uniform sampler2D shown;
uniform sampler2D limits;
uniform ivec2 places;
uniform int taps;

vec3 about(vec3 c) {{ return c * (0.0125 + c * (0.6822 + c * 0.3053)); }}  // sRGB to linear light, within 0.002

vec2 seen(vec3 c) {{ return vec2(luminance(c), c.r / (c.r + c.g + c.b + 0.002)); }}

vec3 wanted_at(ivec2 pixel) {{
    vec3 wanted = texelFetch(image, pixel, 0).rgb;
    return about(is_number(wanted) ? clamp(wanted, 0.0, 1.0) : texelFetch(shown, pixel, 0).rgb);
}}

void main() {{
    ivec2 place = ivec2(gl_FragCoord.xy);
    vec2 pixels = vec2(textureSize(image, 0)) / vec2(taps * places), room = max(pixels - 1.0, 0.0);
    vec2 first = vec2(taps * place) * pixels + 0.5 * min(pixels, 1.0);
    vec2 seed = float(place.x) * vec2(0.7548777, 0.5698403) + float(place.y) * vec2(0.3819660, 0.2360680);
    int unlike = texelFetch(limits, place / {PLACES}, 0).x < {FREE:.1f} ? taps : 0;  // rows in which the two may differ
    vec3 wanted = vec3(0.0), now = vec3(0.0);
    for (int y = 0; y < taps; y++)
        for (int x = 0; x < taps; x++) {{
            vec2 inside = fract(seed + 0.618034 * vec2(y, x)) * room;
            now += about(texelFetch(shown, ivec2(first + vec2(x, y) * pixels + inside), 0).rgb);
        }}
    for (int y = 0; y < unlike; y++)
        for (int x = 0; x < taps; x++) {{
            vec2 inside = fract(seed + 0.618034 * vec2(y, x)) * room;
            wanted += wanted_at(ivec2(first + vec2(x, y) * pixels + inside));
        }}
    vec2 shown_light = seen(now / float(taps * taps));
    light = vec4(unlike > 0 ? seen(wanted / float(taps * taps)) : shown_light, shown_light);
}}
"""

# The transitions of a place, or of the mean of a cell's places: ± (0.5 + last extremum of luminance) of the wanted
# picture and of the shown one, positive while it rises; ± (1 + counts) of both, positive while it is red. Counts are
# BUCKETS times four bits, the lowest for the newest quarter of a second.
BUCKETS = 5
COUNT = (
    f"""
#version 330
const int KEPT = {(1 << 4 * BUCKETS) - 1};
"""
    + """
out vec4 state;
uniform sampler2D lights;
uniform sampler2D before;
uniform int along;  // places whose mean is followed, along each side
uniform int passed;  // quarters of a second that are over since the frame before
uniform float low, high, darker;

bool turns(float light, inout float turning) {
    bool rising = turning > 0.0;
    float extremum = abs(turning) - 0.5;
    float back = rising ? extremum - light : light - extremum;
    if (back >= (min(extremum, light) < darker ? low : high)) {
        turning = rising ? -0.5 - light : 0.5 + light;
        return true;
    }
    turning = rising ? 0.5 + max(extremum, light) : -0.5 - min(extremum, light);
    return false;
}

float counted(vec2 light, inout float turning, float counts) {
    bool was_red = counts > 0.0, red = light.y > (was_red ? 0.70 : 0.77);
    bool turned = turns(light.x, turning) || red != was_red;
    int kept = (int(abs(counts) - 1.0) << 4 * passed) & KEPT;
    float sum = 1.0 + float(kept + int(turned && (kept & 15) < 15));
    return red ? sum : -sum;
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    vec4 light = vec4(0.0);
    for (int y = 0; y < along; y++)
        for (int x = 0; x < along; x++) light += texelFetch(lights, along * here + ivec2(x, y), 0);
    light /= float(along * along);
    state = texelFetch(before, here, 0);
    state.z = counted(light.xy, state.x, state.z);
    state.w = counted(light.zw, state.y, state.w);
}
"""
)

# Of a cell: the share of its places that flash, whether its mean does, the places' mean of transitions.
TALLY = f"""
#version 330
const int PLACES = {PLACES};
out vec4 cell;
uniform sampler2D places;
uniform sampler2D points;
uniform sampler2D means;
uniform int enough;

int transitions(float counts) {{
    int left = int(abs(counts) - 1.0), sum = 0;
    for (int i = 0; i < {BUCKETS}; i++) sum += (left >> 4 * i) & 15;
    return sum;
}}

int most(vec4 state) {{ return max(transitions(state.z), transitions(state.w)); }}

void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy);
    vec2 sum = vec2(0.0);
    for (int i = 0; i < PLACES * PLACES; i++) {{
        ivec2 place = PLACES * here + ivec2(i % PLACES, i / PLACES);
        int one = max(most(texelFetch(places, place, 0)), most(texelFetch(points, place, 0)));
        sum += vec2(float(one >= enough), float(one));
    }}
    sum /= float(PLACES * PLACES);
    cell = vec4(sum.x, float(most(texelFetch(means, here, 0)) >= enough), sum.y, 1.0);
}}
"""

# Whether the block of cells that begins with this one is above the limit.
JUDGE = f"""
#version 330
out vec4 above;
uniform sampler2D cells;
uniform vec2 shares;  // of places, of cells
void main() {{
    ivec2 here = ivec2(gl_FragCoord.xy), end = min(here + {BLOCK}, textureSize(cells, 0));
    vec2 sum = vec2(0.0);
    for (int y = here.y; y < end.y; y++)
        for (int x = here.x; x < end.x; x++) sum += texelFetch(cells, ivec2(x, y), 0).xy;
    above = vec4(float(any(greaterThanEqual(sum, shares * {BLOCK * BLOCK}.0))), 0.0, 0.0, 1.0);
}}
"""

# Of a cell: its speed, in full scales per second, which grows from `held` to FREE once it is not limited any more;
# whether it was limited in the frame before; since somebody asked, whether it was at any time and the most transitions.
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
    limit = vec4(speed, float(old.x < FREE), max(old.zw * kept, peaks));
}}
"""

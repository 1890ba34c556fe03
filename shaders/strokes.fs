/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Brush strokes of three sizes that follow the picture's edges. The paint stays until it is painted over.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Feedback", "Stylize"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "size", "LABEL": "Size", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.4, "MAX": 3.0,
         "HELP": "Size of the brushes; at 1 the widest paints strokes of a quarter of the picture's height"},
        {"NAME": "life", "LABEL": "Life", "TYPE": "float", "DEFAULT": 3.0, "MIN": 0.5, "MAX": 30.0,
         "HELP": "Seconds until a stroke is painted over"},
        {"NAME": "detail", "LABEL": "Detail", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How readily the fine brush is taken"},
        {"NAME": "relief", "LABEL": "Relief", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How thick the paint stands under a light from the upper left"},
        {"NAME": "variety", "LABEL": "Variety", "TYPE": "float", "DEFAULT": 0.45, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How far the colours of neighbouring strokes differ"},
        {"NAME": "push", "LABEL": "Push", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "IDENTITY": 0.0,
         "HELP": "Shoves the wet paint along the strokes and lets it catch the light: for onsets of sound"},
        {"NAME": "quality", "LABEL": "Quality", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.0, "MAX": 1.0,
         "HELP": "Brushes that paint in each frame: 1: all three, 0: one after the other, for slow machines"}
    ],
    "PASSES": [
        {"TARGET": "clock", "WIDTH": "1", "HEIGHT": "1", "PERSISTENT": true, "FLOAT": true},
        {"TARGET": "slopes", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)"},
        {"TARGET": "brush_field", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)"},
        {"TARGET": "paint", "PERSISTENT": true},
        {}
    ]
}*/

// Painted over and over, never resampled: each frame lays a little more of the strokes that are just being drawn onto
// what is there. The canvas is cut into cells, a grid for each brush. The nine cells of every 3x3 block are painted in
// turn, so around any pixel there is one cell whose stroke may be over it, and which one is known. Every pixel has a
// clock of its own, a little ahead of or behind its neighbours', so the painting goes over the canvas in waves. (Sizes
// by detail, large brushes first: Hertzmann, "Painterly Rendering with Curved Brush Strokes", 1998.)

const float TURNS = 9.0;  // of the cells of a block
const float GENERATIONS = 65536.0;  // of strokes in a cell, until their places and shapes come back
const float LONGEST_STEP = 0.87;  // of a turn: no divisor of the nine, or each stroke would stop at the same place for ever

uint scramble(uint x) {
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

float unit(uint x) { return float(x & 0xffffu) * (1.0 / 65535.0); }

float lightness(vec3 c) { return dot(sqrt(max(c, 0.0)), vec3(0.3, 0.59, 0.11)); }

float seen(vec2 uv) { return lightness(IMG_NORM_PIXEL(inputImage, uv).rgb); }

// What the structure tensor is made of: squares and product of the slopes of lightness, per 90th of the height.
vec4 slopes_at(vec2 uv) {
    vec2 e = 1.0 / RENDERSIZE;
    float a = seen(uv - e), b = seen(uv + vec2(e.x, -e.y)), c = seen(uv + vec2(-e.x, e.y)), d = seen(uv + e);
    vec2 slope = vec2(b + d - a - c, c + d - a - b) * RENDERSIZE.y / 90.0;
    return vec4(slope.x * slope.x, slope.y * slope.y, slope.x * slope.y, 1.0);
}

// Along the edges, and where there are none along slow curves: direction, how sure it is, how much there is to paint.
vec4 grain_at(vec2 uv) {
    vec2 e = 1.7 / RENDERSIZE;
    vec3 t = 2.0 * IMG_NORM_PIXEL(slopes, uv).xyz;
    for (int i = 0; i < 4; i++) {
        vec2 o = vec2(i % 2 == 0 ? 1.0 : -1.0, i < 2 ? 1.0 : -1.0);
        t += IMG_NORM_PIXEL(slopes, uv + o * e).xyz + 0.5 * IMG_NORM_PIXEL(slopes, uv + 2.2 * o * e).xyz;
    }
    t /= 8.0;
    float spread = length(vec2(t.x - t.y, 2.0 * t.z));
    float sure = spread / (t.x + t.y + 1.5e-3);
    vec2 doubled = -vec2(t.x - t.y, 2.0 * t.z) / max(spread, 1e-6);  // of twice the angle: a direction has no sign
    vec2 place = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float slow = 2.2 * sin(1.7 * place.x + 0.9 * place.y + 0.021 * TIME)
        + 1.6 * sin(2.3 * place.y - 1.3 * place.x - 0.017 * TIME + 1.0);
    vec2 chosen = mix(vec2(cos(slow), sin(slow)), doubled, smoothstep(0.05, 0.5, sure));
    float angle = 0.5 * atan(chosen.y, chosen.x);
    return vec4(cos(angle), sin(angle), sure, sqrt(t.x + t.y));
}

// How much of a brush is wanted where there is so much to paint; 0 is the widest. Where old paint is far from the
// picture the widest goes first: little strokes would leave it standing as crumbs between them. Nor do they cross an
// edge, where they would be crumbs themselves.
float wanted(int brush, float much, float stale) {
    float fine = much * mix(6.0, 40.0, detail);
    float old = clamp(4.0 * stale - 0.6, 0.0, 1.0);
    if (brush == 0) return max(1.0 - 0.9 * smoothstep(0.5, 1.6, fine), old);
    if (brush == 1) return smoothstep(0.2, 0.8, fine) * (1.0 - old);
    return smoothstep(0.8, 1.8, fine) * (1.0 - old);
}

// Hairs of the brush: streaks across y that change slowly along x, 0 to 1.
float hairs(vec2 at, int brush, uint seed) {
    float place = at.y * (brush == 0 ? 14.0 : brush == 1 ? 6.0 : 2.5) + 0.5 * at.x * at.x + 64.0;
    float i = floor(place), f = place - i;
    uint a = scramble(seed + uint(i));
    return mix(unit(a), unit(a >> 16), f);
}

float ramp(float x) { return clamp(x, 0.0, 1.0); }

// `paint_there` with one stroke over it: that of a cell in its turn, of which the share `progress` has gone by.
vec4 stroked(vec4 paint_there, ivec2 cell, int brush, float side, float progress, uint generation, vec2 here, vec3 fresh,
    float seconds) {
    uint seed = scramble(uint(cell.x + 7) * 0x9e3779b9u + uint(cell.y + 7) * 0x85ebca6bu + uint(brush) * 977u + generation * 131u);
    uint other = scramble(seed);
    vec2 middle = (vec2(cell) + 0.1 + 0.8 * vec2(unit(seed), unit(seed >> 16))) * side;
    vec2 share = clamp(middle / RENDERSIZE, 0.0, 0.9999);
    vec4 field = texelFetch(brush_field, ivec2(share * vec2(textureSize(brush_field, 0))), 0);
    vec3 colour = texelFetch(inputImage, ivec2(share * RENDERSIZE), 0).rgb;

    vec2 d = (here - middle) / side;
    float aside = 1.6 * (unit(other >> 12) - 0.5) * (1.0 - field.z);  // where nothing leads it, a brush goes as it likes
    vec2 along = normalize(field.xy + aside * vec2(-field.y, field.x));
    vec2 at = vec2(dot(d, along), dot(d, vec2(-along.y, along.x)));  // along the stroke and across it
    at.y += 0.5 * (unit(other >> 8) - 0.5) * (1.0 - field.z) * at.x * at.x;
    at *= vec2(mix(1.3, 0.95, unit(other)), mix(2.7, 1.9, unit(other >> 16)));

    vec3 apart = max(abs(paint_there.rgb - fresh), min(float(brush), 1.0) * abs(colour - fresh));
    float stale = max(apart.r, max(apart.g, apart.b));
    float hair = hairs(at, brush, seed);
    float ragged = at.x + 0.35 * (hair - 0.5), behind = -1.2 + 2.5 * progress - ragged;
    float laid = ramp(5.0 - 5.0 * abs(at.y) - 1.25 * (hair - 0.5)) * ramp(6.0 - 6.0 * abs(ragged));
    laid *= ramp(0.5 + 8.0 * behind) * ramp(3.5 - 5.0 * behind) * mix(0.35, 1.0, hair) * wanted(brush, field.w, stale);

    vec3 tone = vec3(unit(seed >> 3), unit(seed >> 9), unit(seed >> 13)) - 0.5;
    vec3 shade = 1.0 + variety * (0.07 * tone + 0.16 * (unit(other >> 4) - 0.5) + 0.22 * (hair - 0.5));
    float load = 1.0 - 0.5 * ramp(0.5 + 0.5 * at.x);  // a brush runs dry
    float body = unit(other >> 6);  // few strokes are loaded, and those on grounds and in darks lie thin
    float thick = load * (0.45 + 0.55 * body * body) * (0.25 + 0.75 * lightness(colour)) * (0.3 + 0.3 * float(brush));
    float height = 0.5 + thick * (hair - 0.5 + 0.35 * ramp(3.3 * abs(at.y) - 1.8));
    vec4 over = vec4(mix(colour, fresh, 0.1 + 0.12 * float(brush)) * shade, height);
    return mix(paint_there, over, 1.0 - exp(-laid * seconds * 180.0 / life));  // the same at every frame rate
}

vec4 painted(vec2 here) {
    vec4 paint_there = texelFetch(paint, ivec2(here), 0);
    vec3 fresh = texelFetch(inputImage, ivec2(here), 0).rgb;
    vec4 clock_now = texelFetch(clock, ivec2(0), 0);
    if (clock_now.y < 0.5) return vec4(fresh, 0.5);

    vec3 stale = abs(paint_there.rgb - fresh);  // what no stroke reaches goes with the picture, old paint first
    float wash = (0.25 + 5.0 * max(stale.r, max(stale.g, stale.b))) / life;
    paint_there.rgb = mix(paint_there.rgb, fresh, 1.0 - exp(-TIMEDELTA * wash));
    vec2 place = here / RENDERSIZE.y;
    float early = 9.0 + 2.0 * sin(5.1 * place.x + 2.3 * place.y) + 2.0 * sin(6.7 * place.y - 3.1 * place.x + 1.0);
    int brushes = 1 + int(2.0 * quality + 0.5);  // at work in this frame
    for (int i = 0; i < brushes; i++) {
        int brush = (FRAMEINDEX * brushes + i) % 3;
        float side = size * RENDERSIZE.y / (brush == 0 ? 8.0 : brush == 1 ? 21.0 : 56.0);
        ivec2 cell = ivec2(here / side);
        float tick = clock_now.x + early + 0.37 * float(brush);
        int turn = int(tick);
        int which = (turn * 4) % 9;
        uint generation = uint(clock_now.z) + uint(turn / 9);
        ivec2 beside = (ivec2(which % 3, which / 3) - cell % 3 + 4) % 3 - 1;
        paint_there = stroked(paint_there, cell + beside, brush, side, fract(tick), generation, here, fresh, TIMEDELTA * 3.0 / float(brushes));
    }
    return paint_there;
}

// The paint under a light from the upper left, shoved along the strokes by a push.
vec3 lit(vec2 here) {
    vec2 place = here / RENDERSIZE.y;
    float swell = 0.6 + 0.4 * sin(9.0 * place.x + 20.0 * place.y * (1.0 - place.y) + 1.5 * TIME);
    vec2 along = texelFetch(brush_field, ivec2(here / RENDERSIZE * vec2(textureSize(brush_field, 0))), 0).xy;
    here += push * 0.014 * swell * RENDERSIZE.y * along;
    int e = 1 + int(RENDERSIZE.y / 480.0);  // as wide a slope on every canvas: of single pixels it would glitter
    ivec2 at = ivec2(clamp(here, vec2(e), RENDERSIZE - float(e) - 1.0));
    vec4 paint_here = texelFetch(paint, at, 0);
    float slope = texelFetch(paint, at + ivec2(e, -e), 0).a - texelFetch(paint, at + ivec2(-e, e), 0).a;
    float light = clamp(1.4 * slope, -0.5, 0.6);
    float shine = push * 0.10 * swell;
    return paint_here.rgb * (1.0 + (relief + 0.5 * push) * light + shine);
}

void main() {
    if (PASSINDEX == 0) {
        vec4 before = texelFetch(clock, ivec2(0), 0);
        float next = before.x + min(TIMEDELTA * TURNS / life, LONGEST_STEP);
        float again = step(TURNS, next);
        // .x: turns, few enough to be exact; .y: whether there is paint yet; .z: generations
        gl_FragColor = vec4(next - again * TURNS, before.a, mod(before.z + again, GENERATIONS), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = slopes_at(isf_FragNormCoord);
    } else if (PASSINDEX == 2) {
        gl_FragColor = grain_at(isf_FragNormCoord);
    } else if (PASSINDEX == 3) {
        gl_FragColor = painted(gl_FragCoord.xy);
    } else {
        gl_FragColor = vec4(lit(gl_FragCoord.xy), 1.0);
    }
}

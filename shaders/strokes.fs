/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Brush strokes of three sizes that follow the picture's edges. The paint stays until it is painted over.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Feedback", "Stylize"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "size", "LABEL": "Size", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.4, "MAX": 3.0,
         "HELP": "Size of the brushes; at 1 the widest paints a twelfth of the picture's height"},
        {"NAME": "life", "LABEL": "Life", "TYPE": "float", "DEFAULT": 3.0, "MIN": 0.5, "MAX": 30.0,
         "HELP": "Seconds until a stroke is painted over"},
        {"NAME": "detail", "LABEL": "Detail", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How readily the fine brush is taken"},
        {"NAME": "relief", "LABEL": "Relief", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How thick the paint stands under a light from the upper left"},
        {"NAME": "variety", "LABEL": "Variety", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How far the colours of neighbouring strokes differ"},
        {"NAME": "push", "LABEL": "Push", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "IDENTITY": 0.0,
         "HELP": "Shoves the wet paint along the strokes and lets it catch the light: for onsets of sound"},
        {"NAME": "quality", "LABEL": "Quality", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.0, "MAX": 1.0,
         "HELP": "1: three brushes, 0: the widest alone, for slow machines"}
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
// turn, so around any pixel it is known which cells are at work: three of them, each a stroke that begins, goes on or
// ends. (Sizes by detail, large brushes first: Hertzmann, "Painterly Rendering with Curved Brush Strokes", 1998.)

const float TURNS = 9.0 * 4096.0;  // the clock starts over after so many strokes' beginnings

uint scramble(uint x) {
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

float unit(uint x) { return float(x & 0xffffu) / 65535.0; }

float lightness(vec3 c) { return dot(sqrt(max(c, 0.0)), vec3(0.3, 0.59, 0.11)); }

float seen(vec2 uv) { return lightness(IMG_NORM_PIXEL(inputImage, uv).rgb); }

// What the structure tensor is made of: squares and product of the slopes of lightness.
vec4 slopes_at(vec2 uv) {
    vec2 e = 1.0 / RENDERSIZE;
    float a = seen(uv - e), b = seen(uv + vec2(e.x, -e.y)), c = seen(uv + vec2(-e.x, e.y)), d = seen(uv + e);
    vec2 slope = vec2(b + d - a - c, c + d - a - b);
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
    float sure = spread / (t.x + t.y + 2e-4);
    vec2 doubled = -vec2(t.x - t.y, 2.0 * t.z) / max(spread, 1e-6);  // of twice the angle: a direction has no sign
    vec2 place = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float slow = 2.2 * sin(1.7 * place.x + 0.9 * place.y + 0.021 * TIME)
        + 1.6 * sin(2.3 * place.y - 1.3 * place.x - 0.017 * TIME + 1.0);
    vec2 chosen = mix(vec2(cos(slow), sin(slow)), doubled, smoothstep(0.05, 0.5, sure));
    float angle = 0.5 * atan(chosen.y, chosen.x);
    return vec4(cos(angle), sin(angle), sure, sqrt(t.x + t.y));
}

// How much of a brush is wanted where there is so much to paint; 0 is the widest.
float wanted(int brush, float much) {
    float fine = much * mix(6.0, 40.0, detail);
    if (brush == 0) return 1.0 - 0.9 * smoothstep(0.5, 1.6, fine);
    if (brush == 1) return smoothstep(0.15, 0.7, fine);
    return smoothstep(0.6, 1.5, fine);
}

// Hairs of the brush: streaks across y that change slowly along x, 0 to 1.
float hairs(float x, float y, int brush, uint seed) {
    float at = y * (brush == 0 ? 11.0 : brush == 1 ? 7.0 : 4.0) + 1.3 * sin(1.9 * x + unit(seed));
    float i = floor(at);
    float a = unit(scramble(seed + uint(int(i) + 64))), b = unit(scramble(seed + uint(int(i) + 65)));
    float f = at - i;
    return mix(a, b, f * f * (3.0 - 2.0 * f));
}

// One stroke as it lies over a pixel: its colour, and in .a how much of it is laid on in this frame. `height` is its own.
vec4 stroke(ivec2 cell, int brush, float side, float begun, float slot, uint generation, vec2 here, vec3 fresh, out float height) {
    uint seed = scramble(uint(cell.x) * 0x9e3779b9u ^ scramble(uint(cell.y) * 0x85ebca6bu + uint(brush) * 977u + generation * 131u));
    uint other = scramble(seed);
    vec2 middle = (vec2(cell) + 0.1 + 0.8 * vec2(unit(seed), unit(seed >> 16))) * side;
    vec2 uv = clamp(middle / RENDERSIZE, 0.0, 1.0);
    vec4 g = texelFetch(brush_field, ivec2(uv * vec2(textureSize(brush_field, 0) - 1) + 0.5), 0);
    vec3 colour = texelFetch(inputImage, ivec2(uv * (RENDERSIZE - 1.0) + 0.5), 0).rgb;

    vec2 along = g.xy;
    vec2 d = here - middle;
    vec2 reach = side * vec2(mix(0.75, 1.05, unit(other)), mix(0.36, 0.52, unit(other >> 16)));
    float x = dot(d, along) / reach.x;
    float bend = 0.5 * (unit(other >> 8) - 0.5) * (1.0 - g.z);
    float y = (dot(d, vec2(-along.y, along.x)) + bend * reach.x * x * x) / reach.y;

    float hair = hairs(x, y, brush, seed);
    float progress = begun - unit(seed >> 8);  // each begins at its own moment within the slot
    float front = -1.2 + 2.4 * progress;
    float ragged = x + 0.35 * (hair - 0.5);
    float wet = smoothstep(1.0, 0.8, abs(y) + 0.25 * (hair - 0.5)) * smoothstep(1.0, 0.85, abs(ragged));
    wet *= smoothstep(front + 0.06, front - 0.06, ragged) * smoothstep(front - 0.7, front - 0.5, ragged);
    wet *= wanted(brush, g.w) * mix(0.35, 1.0, hair) * step(0.0, progress) * step(progress, 1.05);

    float shade = variety * 0.16 * (unit(other >> 4) - 0.5) + variety * 0.22 * (hair - 0.5);
    vec3 hue = variety * 0.07 * (vec3(unit(seed >> 3), unit(seed >> 9), unit(seed >> 13)) - 0.5);
    colour = mix(colour, fresh, brush == 0 ? 0.15 : brush == 1 ? 0.3 : 0.5);
    colour = colour * (1.0 + shade) + hue * colour;
    height = (0.35 + 0.65 * hair) * (1.0 - 0.3 * float(brush)) + 0.35 * smoothstep(0.55, 0.85, abs(y));
    return vec4(colour, 1.0 - exp(-12.0 * wet * TIMEDELTA / slot));
}

vec4 painted(vec2 here) {
    vec4 paint_there = texelFetch(paint, ivec2(here), 0);
    vec3 fresh = texelFetch(inputImage, ivec2(here), 0).rgb;
    if (texelFetch(clock, ivec2(0), 0).y < 0.5) return vec4(fresh, 0.5);

    float slot = life / 9.0;
    paint_there.rgb = mix(paint_there.rgb, fresh, 1.0 - exp(-TIMEDELTA / (1.2 * life)));
    float now = texelFetch(clock, ivec2(0), 0).x;
    int brushes = 1 + int(2.0 * quality + 0.5);
    for (int brush = 0; brush < brushes; brush++) {
        float side = size * RENDERSIZE.y / (brush == 0 ? 13.0 : brush == 1 ? 28.0 : 64.0);
        ivec2 cell = ivec2(floor(here / side));
        ivec2 own = cell - 3 * (cell / 3);
        float tick = now + 0.37 * float(brush);
        int first = int(floor(tick));
        for (int i = 1; i >= 0; i--) {
            int turn = first - i + 9;
            int which = (turn * 4) % 9;
            ivec2 step_to = (ivec2(which % 3, which / 3) - own + 4) % 3 - 1;
            float height;
            vec4 over = stroke(cell + step_to, brush, side, tick - floor(tick) + float(i), slot, uint(turn / 9), here, fresh, height);
            paint_there = mix(paint_there, vec4(over.rgb, height), over.a);
        }
    }
    return paint_there;
}

// The paint under a light from the upper left.
vec3 lit(vec2 uv) {
    vec2 e = 1.0 / RENDERSIZE;
    vec4 g = IMG_NORM_PIXEL(brush_field, uv);
    vec2 place = uv * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float swell = 0.6 + 0.4 * sin(9.0 * place.x + 5.0 * sin(4.0 * place.y) + 3.0 * sin(0.7 * TIME));
    uv += push * 0.014 * swell * g.xy / vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec4 here = IMG_NORM_PIXEL(paint, uv);
    float up = IMG_NORM_PIXEL(paint, uv + vec2(-e.x, e.y)).a, down = IMG_NORM_PIXEL(paint, uv + vec2(e.x, -e.y)).a;
    float slope = down - up;
    float light = clamp(slope * (RENDERSIZE.y / 500.0 + 0.6), -0.6, 0.8);
    return here.rgb * (1.0 + (relief + 0.5 * push) * light) + relief * 0.25 * max(light - 0.12, 0.0) * here.rgb
        + push * 0.10 * swell * here.rgb;
}

void main() {
    if (PASSINDEX == 0) {
        vec4 before = texelFetch(clock, ivec2(0), 0);
        float next = before.x + min(TIMEDELTA * 9.0 / life, 1.0);
        gl_FragColor = vec4(next - TURNS * floor(next / TURNS), FRAMEINDEX == 0 ? 0.0 : before.y + 1.0, 0.0, 1.0);
        if (before.a < 0.5) gl_FragColor = vec4(0.0, 0.0, 0.0, 1.0);  // never drawn yet
        else gl_FragColor.y = 1.0;
    } else if (PASSINDEX == 1) {
        gl_FragColor = slopes_at(isf_FragNormCoord);
    } else if (PASSINDEX == 2) {
        gl_FragColor = grain_at(isf_FragNormCoord);
    } else if (PASSINDEX == 3) {
        gl_FragColor = painted(gl_FragCoord.xy);
    } else {
        gl_FragColor = vec4(lit(isf_FragNormCoord), 1.0);
    }
}

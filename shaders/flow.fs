/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Wet paint: the picture is carried along slow eddies and remembers where it has been.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Feedback", "Distortion"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "strength", "LABEL": "Strength", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How fast the paint runs"},
        {"NAME": "scale", "LABEL": "Eddy size", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0.1, "MAX": 2.0,
         "HELP": "Size of the eddies, as a share of the picture's height"},
        {"NAME": "memory", "LABEL": "Memory", "TYPE": "float", "DEFAULT": 0.9, "MIN": 0.0, "MAX": 10.0,
         "HELP": "Seconds the paint stays wet"},
        {"NAME": "drift", "LABEL": "Drift", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How fast the eddies themselves wander"},
        {"NAME": "warp", "LABEL": "Warp", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How far the eddies bend the picture, also while nothing new is dreamt"},
        {"NAME": "quality", "LABEL": "Quality", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.0, "MAX": 1.0,
         "HELP": "1: paint stays sharp while it is carried, 0: it softens, for slow machines"}
    ],
    "PASSES": [
        {"TARGET": "stream", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)"},
        {"TARGET": "wet", "PERSISTENT": true}
    ]
}*/

// The eddies are the curl of a smooth potential, so paint is stirred and never gathers or tears. The potential is a sum
// of sine waves, each bent by the one before; its gradient is followed through the chain by hand (the chain rule).
vec2 eddies(vec2 p, float t) {
    vec2 gradient = vec2(0.0);
    vec2 bend = vec2(0.0);
    vec2 direction = vec2(0.80, 0.60);
    float frequency = 1.0, weight = 1.0, phase = 0.0;
    for (int i = 0; i < 5; i++) {
        vec2 k = direction * frequency;
        float wave = dot(k, p + bend) + phase + t * (0.7 + 0.23 * float(i));
        gradient += weight * cos(wave) * k;
        bend += 0.35 * sin(wave) * vec2(-direction.y, direction.x) / frequency;
        direction = vec2(-0.7374 * direction.x - 0.6755 * direction.y, 0.6755 * direction.x - 0.7374 * direction.y);
        frequency *= 1.37;
        weight *= 0.62;
        phase += 1.9;
    }
    return vec2(gradient.y, -gradient.x);
}

// The wet paint between its pixels. Read bilinearly, it would grow softer with every frame: a Catmull-Rom spline keeps it
// sharp, its 16 pixels read as 5 pairs of pairs (the corners weigh next to nothing), and held within what was read, so
// that nothing builds up. A loop, since software renderers run both sides of an `if`.
vec4 carried(vec2 uv) {
    vec2 at = uv * RENDERSIZE - 0.5;
    vec2 f = fract(at), middle = floor(at) + 0.5;
    vec2 first = f * (-0.5 + f * (1.0 - 0.5 * f)), last = f * f * (-0.5 + 0.5 * f);
    vec2 second = 1.0 + f * f * (-2.5 + 1.5 * f), third = 1.0 - first - second - last;
    vec2 inner = second + third, between = middle + third / inner;
    vec4 sum = vec4(0.0), least = vec4(1e3), most = vec4(-1e3);
    float weights = 0.0;
    int taps = quality < 0.5 ? 1 : 5;
    for (int i = 0; i < taps; i++) {
        vec2 side = i == 0 ? vec2(0.0) : i < 3 ? vec2(2.0 * float(i) - 3.0, 0.0) : vec2(0.0, 2.0 * float(i) - 7.0);
        vec2 place = taps == 1 ? at + 0.5 : mix(between, middle + 0.5 + 1.5 * side, abs(side));
        vec2 weight = mix(inner, mix(first, last, step(0.0, side)), abs(side));
        vec4 read = IMG_NORM_PIXEL(wet, place / RENDERSIZE);
        sum += read * weight.x * weight.y;
        weights += weight.x * weight.y;
        least = min(least, read);
        most = max(most, read);
    }
    return clamp(sum / weights, least, most);
}

vec4 painted(vec2 uv) {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 current = IMG_NORM_PIXEL(stream, uv).xy;

    vec3 fresh = IMG_NORM_PIXEL(inputImage, uv - current / aspect * warp * 0.012 * scale).rgb;
    vec4 before = carried(uv - current / aspect * strength * 0.08 * scale * TIMEDELTA);
    float kept = before.a < 0.5 || memory <= 0.0 ? 0.0 : exp(-TIMEDELTA / memory);  // alpha 0: never drawn yet
    return vec4(mix(fresh, before.rgb, kept), 1.0);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    if (PASSINDEX == 0) {  // the stream is smooth: a sixteenth of the pixels is enough for it
        vec2 place = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        gl_FragColor = vec4(eddies(place * 4.0 / scale, TIME * drift * 3.0), 0.0, 1.0);
    } else {
        gl_FragColor = painted(uv);
    }
}

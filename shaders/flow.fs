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
        {"NAME": "bristle", "LABEL": "Bristle", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0.0, "MAX": 1.0,
         "HELP": "Traces of a brush, drawn along the eddies"}
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

// A fixed roughness of the canvas, -1 to 1 in cells of a 240th of its height. The eddies smear it into strokes.
float roughness(vec2 place) {
    uvec2 cell = uvec2(place * RENDERSIZE * min(240.0 / RENDERSIZE.y, 1.0));
    uint x = cell.x * 0x9e3779b9u ^ cell.y * 0x85ebca6bu;
    x = (x ^ (x >> 15)) * 0x2c1b3c6du;
    x = (x ^ (x >> 12)) * 0x297a2d39u;
    return float(x >> 16) / 32767.5 - 1.0;
}

vec4 paint(vec2 uv) {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 current = IMG_NORM_PIXEL(stream, uv).xy;

    vec3 fresh = IMG_NORM_PIXEL(inputImage, uv - current / aspect * warp * 0.012 * scale).rgb;
    float stroke = smoothstep(0.2, 1.6, length(current));  // still paint shows no brush
    fresh *= 1.0 + bristle * stroke * roughness(uv);

    vec4 before = IMG_NORM_PIXEL(wet, uv - current / aspect * strength * 0.08 * scale * TIMEDELTA);
    float kept = before.a < 0.5 || memory <= 0.0 ? 0.0 : exp(-TIMEDELTA / memory);  // alpha 0: never drawn yet
    return vec4(mix(fresh, before.rgb, kept), 1.0);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    if (PASSINDEX == 0) {  // the stream is smooth: a sixteenth of the pixels is enough for it
        vec2 place = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        gl_FragColor = vec4(eddies(place * 4.0 / scale, TIME * drift * 3.0), 0.0, 1.0);
    } else {
        gl_FragColor = paint(uv);
    }
}

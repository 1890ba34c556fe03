/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Fine film grain, strongest in the middle tones; the same for the same moment of the show.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Film"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "amount", "LABEL": "Amount", "TYPE": "float", "DEFAULT": 0.035, "MIN": 0.0, "MAX": 0.4, "IDENTITY": 0.0,
         "HELP": "How much the grain darkens and lightens"},
        {"NAME": "colour", "LABEL": "Colour", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0,
         "HELP": "0 is silver, 1 is dye: each colour grained for itself"},
        {"NAME": "pace", "LABEL": "Pace", "TYPE": "float", "DEFAULT": 16.0, "MIN": 0.0, "MAX": 60.0,
         "HELP": "New grain so many times a second"}
    ]
}*/

// Whole-number hashing gives the same grain on every GPU; the usual fract(sin()) does not.
uint scramble(uint x) {
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}

// Three values near a bell curve around 0, each the sum of two bytes.
vec3 grains(uint seed) {
    uint a = scramble(seed), b = scramble(seed ^ 0x9e3779b9u);
    uvec3 first = uvec3(a, a >> 8, a >> 16) & 255u, second = uvec3(b, b >> 8, b >> 16) & 255u;
    return vec3(first + second) / 255.0 - 1.0;
}

void main() {
    vec3 picture = IMG_THIS_PIXEL(inputImage).rgb;
    uvec2 here = uvec2(gl_FragCoord.xy);
    uint moment = uint(max(TIME, 0.0) * pace);
    vec3 grain = grains(here.x + here.y * 8192u + scramble(moment));
    grain = mix(grain.ggg, grain, colour);
    vec3 room = 4.0 * picture * (1.0 - picture);  // none in pure black and white
    gl_FragColor = vec4(picture + amount * grain * (0.25 + 0.75 * room), 1.0);
}

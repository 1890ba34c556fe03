/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Colour grade: light and colour as a film print would give them.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Color Adjustment"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "exposure", "LABEL": "Exposure", "TYPE": "float", "DEFAULT": 0.0, "MIN": -2.0, "MAX": 2.0, "IDENTITY": 0.0,
         "HELP": "Stops of light: 1 doubles it"},
        {"NAME": "warmth", "LABEL": "Warmth", "TYPE": "float", "DEFAULT": 0.08, "MIN": -1.0, "MAX": 1.0, "IDENTITY": 0.0,
         "HELP": "Cold moonlight to candlelight"},
        {"NAME": "contrast", "LABEL": "Contrast", "TYPE": "float", "DEFAULT": 1.06, "MIN": 0.5, "MAX": 2.0, "IDENTITY": 1.0,
         "HELP": "Around middle grey"},
        {"NAME": "saturation", "LABEL": "Saturation", "TYPE": "float", "DEFAULT": 1.15, "MIN": 0.0, "MAX": 2.0, "IDENTITY": 1.0,
         "HELP": "0 is black and white"},
        {"NAME": "film", "LABEL": "Film", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0, "IDENTITY": 0.0,
         "HELP": "How softly lights and shadows roll off, as on a film print"},
        {"NAME": "lift", "LABEL": "Lift", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0.0, "MAX": 1.0, "IDENTITY": 0.0,
         "HELP": "How much of the tint lies in the shadows"},
        {"NAME": "tint", "LABEL": "Shadow tint", "TYPE": "color", "DEFAULT": [0.10, 0.09, 0.16, 1.0],
         "MIN": [0.0, 0.0, 0.0, 0.0], "MAX": [1.0, 1.0, 1.0, 1.0], "HELP": "Colour of the deepest shadows"}
    ]
}*/

varying vec3 gain;  // exposure and warmth, the same for all pixels

const vec3 LUMINANCE = vec3(0.2126, 0.7152, 0.0722);
const float MIDDLE = 0.46;

// A toe and a shoulder: shadows deepen, whites never clip hard, middle grey stays.
vec3 print_curve(vec3 x) {
    return x * (0.9335 * x + 0.6) / (x * (0.9335 * x - 0.3655) + 1.0);
}

void main() {
    vec3 picture = max(IMG_THIS_PIXEL(inputImage).rgb, 0.0);
    vec3 light = picture * picture;  // near enough to linear light, and cheap
    light *= gain;
    float luminance = dot(light, LUMINANCE);
    light = max(mix(vec3(luminance), light, saturation), 0.0);

    float against_middle = max(luminance, 1e-5) / (MIDDLE * MIDDLE);
    vec3 shown = sqrt(light) * pow(against_middle, 0.5 * contrast - 0.5);  // of the lightness alone: hues stay
    shown = min(mix(shown, print_curve(shown), film), 1.0);
    vec3 shadow = tint.rgb * (1.0 - shown) * (1.0 - shown);
    gl_FragColor = vec4(shown + lift * shadow, 1.0);
}

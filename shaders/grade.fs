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

const vec3 LUMINANCE = vec3(0.2126, 0.7152, 0.0722);

void main() {
    vec3 light = pow(max(IMG_THIS_PIXEL(inputImage).rgb, 0.0), vec3(2.2));

    light *= exp2(exposure);
    vec3 balance = exp2(warmth * vec3(0.45, 0.0, -0.60));
    light *= balance / dot(balance, LUMINANCE);  // warmer, but no brighter

    float grey = dot(light, LUMINANCE);
    light = max(mix(vec3(grey), light, saturation), 0.0);

    vec3 shown = pow(light, vec3(1.0 / 2.2));
    shown = 0.46 * pow(shown / 0.46, vec3(contrast));
    vec3 rolled = 1.19 * (1.0 - exp(-shown * (0.50 + 1.22 * shown)));  // a toe and a shoulder; middle grey stays
    shown = min(mix(shown, rolled, film), 1.0);

    vec3 shadow = tint.rgb * (1.0 - shown) * (1.0 - shown);
    gl_FragColor = vec4(shown + lift * shadow, 1.0);
}

/*{
    "ISFVSN": "2",
    "DESCRIPTION": "A soft falling-off of light towards the edges that breathes.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Film"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "amount", "LABEL": "Amount", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0, "IDENTITY": 0.0,
         "HELP": "How dark the corners get"},
        {"NAME": "radius", "LABEL": "Radius", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0.0, "MAX": 1.0,
         "HELP": "How much of the middle stays clear"},
        {"NAME": "breath", "LABEL": "Breath", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0.0, "MAX": 0.5,
         "HELP": "How far the clear middle widens and narrows"},
        {"NAME": "period", "LABEL": "Period", "TYPE": "float", "DEFAULT": 11.0, "MIN": 4.0, "MAX": 60.0,
         "HELP": "Seconds a breath takes"},
        {"NAME": "edge", "LABEL": "Edge colour", "TYPE": "color", "DEFAULT": [0.05, 0.04, 0.09, 1.0],
         "MIN": [0.0, 0.0, 0.0, 0.0], "MAX": [1.0, 1.0, 1.0, 1.0], "HELP": "What the light falls off to"}
    ]
}*/

void main() {
    vec3 picture = IMG_THIS_PIXEL(inputImage).rgb;
    float clear = radius + breath * sin(6.2831853 * TIME / period);
    float away = length((isf_FragNormCoord - 0.5) * vec2(2.0, 1.7)) / 1.31;  // an oval; 1 in the corners
    float shade = amount * smoothstep(0.6 * clear, 0.6 * clear + 0.85, away);
    gl_FragColor = vec4(mix(picture, edge.rgb, shade), 1.0);
}

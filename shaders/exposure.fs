/*{
    "ISFVSN": "2",
    "DESCRIPTION": "Holds the picture's mean lightness in a band, slowly, as an eye gets used to a room.",
    "CREDIT": "Reverie",
    "CATEGORIES": ["Color Adjustment"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "low", "LABEL": "Darkest", "TYPE": "float", "DEFAULT": 0.24, "MIN": 0.05, "MAX": 0.9,
         "HELP": "Mean lightness in a dark room"},
        {"NAME": "high", "LABEL": "Lightest", "TYPE": "float", "DEFAULT": 0.42, "MIN": 0.05, "MAX": 0.9,
         "HELP": "Mean lightness in a bright room"},
        {"NAME": "room", "LABEL": "Room", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0,
         "HELP": "Where between the two: the room's light belongs here"},
        {"NAME": "play", "LABEL": "Play", "TYPE": "float", "DEFAULT": 0.06, "MIN": 0.0, "MAX": 0.5,
         "HELP": "How far a picture may be lighter or darker than that"},
        {"NAME": "pace", "LABEL": "Pace", "TYPE": "float", "DEFAULT": 2.0, "MIN": 0.2, "MAX": 30.0,
         "HELP": "Seconds until most of a difference is made good"}
    ],
    "PASSES": [
        {"TARGET": "meter", "WIDTH": "16", "HEIGHT": "9", "FLOAT": true},
        {"TARGET": "held", "WIDTH": "1", "HEIGHT": "1", "PERSISTENT": true, "FLOAT": true},
        {}
    ]
}*/

// Lightness is raised to a power, as a print is exposed longer or shorter: black stays black, white stays white, and
// nothing clips. The power follows the picture that comes in, so it is there as soon as the change it answers to.

const float LEAST = 0.6, MOST = 1.8;  // powers: beyond these a picture is meant to be as light or dark as it is

float lightness(vec3 c) { return dot(clamp(c, 0.0, 1.0), vec3(0.2126, 0.7152, 0.0722)); }

// The mean of one of 16x9 fields, from 16 places in it.
float metered(vec2 uv) {
    float sum = 0.0;
    for (int i = 0; i < 16; i++) {
        vec2 place = (vec2(i % 4, i / 4) - 1.5) / 4.0;
        sum += lightness(IMG_NORM_PIXEL(inputImage, uv + place / RENDERSIZE).rgb);
    }
    return sum / 16.0;
}

// The picture's mean lightness if it were raised to `power`.
float mean_at(float power) {
    float sum = 0.0;
    for (int i = 0; i < 144; i++) sum += pow(texelFetch(meter, ivec2(i % 16, i / 16), 0).r + 1e-3, power);
    return clamp(sum / 144.0, 0.01, 0.99);
}

// The power that brings the mean into the band; the logarithm of a mean is nearly proportional to the power.
float fitting_power() {
    float middle = mix(min(low, high), max(low, high), room);
    float power = 1.0;
    for (int i = 0; i < 3; i++) {
        float mean = mean_at(power);
        float wanted = clamp(mean_at(1.0), middle - play, middle + play);
        power = clamp(power * log(clamp(wanted, 0.02, 0.95)) / log(mean), LEAST, MOST);
    }
    return power;
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(metered(isf_FragNormCoord), 0.0, 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        vec4 before = texelFetch(held, ivec2(0), 0);
        float kept = before.a < 0.5 ? 0.0 : exp(-TIMEDELTA / pace);  // alpha 0: never drawn yet
        gl_FragColor = vec4(exp(mix(log(fitting_power()), log(max(before.r, 0.1)), kept)), 0.0, 0.0, 1.0);
    } else {
        vec3 picture = max(IMG_THIS_PIXEL(inputImage).rgb, 0.0);
        float power = texelFetch(held, ivec2(0), 0).r;
        float light = max(lightness(picture), 1e-3);
        gl_FragColor = vec4(min(picture * pow(light, power - 1.0), 1.0), 1.0);
    }
}

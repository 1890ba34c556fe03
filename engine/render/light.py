"""What shaders that deal with light share, as text to put after their `#version`: sRGB (IEC 61966-2-1), and dither.

Powers are slow without a GPU. The polynomials and roots here were fitted to them, and are right to a tenth of a level
of 8 bits.
"""

LIGHT = """
vec3 to_linear(vec3 c) {
    vec3 power = 0.00105 + c * (0.0284 + c * (0.56038 + c * (0.52652 - c * 0.11682)));
    return mix(c / 12.92, power, step(0.04045, c));
}

vec3 from_linear(vec3 c) {
    vec3 root = sqrt(c);
    return mix(c * 12.92, 0.83371 * root + 0.29816 * sqrt(root) - 0.05531 * c - 0.07692, step(0.0031308, c));
}
"""

LUMINANCE = """
float luminance(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }
"""

# Compilers may assume that arithmetic yields numbers and drop `isnan`, so the bits are looked at.
NUMBERS = """
bool is_number(vec3 c) {
    return !any(equal(floatBitsToUint(c) & 0x7f800000u, uvec3(0x7f800000u)));
}
"""

# The thresholds lie on a lattice whose steps are the powers of the plastic number, 1.3247…: neighbours differ much,
# and every area holds all thresholds alike. They depend on the place alone, so what stands still does not flicker.
# An eighth of a level is left out, so that levels of 8 bits that went through half floats come out as they were.
DITHER = """
vec3 dithered(vec3 c) {
    float threshold = fract(dot(floor(gl_FragCoord.xy), vec2(0.7548776662, 0.5698402910)));
    return floor(clamp(c, 0.0, 1.0) * 255.0 + 0.0625 + 0.875 * threshold) / 255.0;
}
"""

varying vec3 gain;

void main() {
    isf_vertShaderInit();
    vec3 balance = exp2(warmth * vec3(0.45, 0.0, -0.60));
    gain = exp2(exposure) * balance / dot(balance, vec3(0.2126, 0.7152, 0.0722));  // warmer, but no brighter
}

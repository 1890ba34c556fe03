"""ISF's dialect of GLSL 1.20, translated to GLSL 3.30 and compiled, with errors told by file and line."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import moderngl

from engine.render.isf import IsfError, Shader

FIRST_VERSION, SECOND_VERSION = 330, 430  # the second allows more implicit conversions

UNIFORM_TYPES = {
    "float": "float", "bool": "bool", "event": "bool", "long": "int", "color": "vec4", "point2D": "vec2",
    "image": "sampler2D", "audio": "sampler2D", "audioFFT": "sampler2D",
}  # fmt: skip

BUILT_INS = """
uniform vec2 RENDERSIZE;
uniform float TIME;
uniform float TIMEDELTA;
uniform vec4 DATE;
uniform int FRAMEINDEX;
#define vv_FragNormCoord isf_FragNormCoord
#define texture2D texture
#define texture2DLod textureLod
#define texture2DRect(image, coord) texture(image, (coord) / vec2(textureSize(image, 0)))
#define IMG_SIZE(image) vec2(textureSize(image, 0))
#define IMG_NORM_PIXEL(image, coord) texture(image, coord)
#define IMG_PIXEL(image, coord) texture(image, (coord) / IMG_SIZE(image))
#define IMG_THIS_NORM_PIXEL(image) texture(image, isf_FragNormCoord)
#define IMG_THIS_PIXEL(image) texelFetch(image, ivec2(isf_FragNormCoord * IMG_SIZE(image)), 0)
"""

VERTEX_BUILT_INS = """
out vec2 isf_FragNormCoord;
void isf_vertShaderInit() {
    isf_FragNormCoord = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(isf_FragNormCoord * 2.0 - 1.0, 0.0, 1.0);
}
#define vv_vertShaderInit isf_vertShaderInit
"""
PLAIN_VERTEX = "void main() { isf_vertShaderInit(); }"
FRAGMENT_BUILT_INS = "in vec2 isf_FragNormCoord;\nout vec4 isf_FragColor;\n"

# A NaN in a buffer that feeds itself would stay and spread for months: such passes are held to finite numbers.
FINITE_MAIN = """
void main() {
    isf_main();
    uvec4 bits = floatBitsToUint(isf_FragColor) & 0x7f800000u;
    if (any(equal(bits, uvec4(0x7f800000u)))) isf_FragColor = %s;
}
"""

# Words of later versions (or of none) that shaders use as names of their own values.
RESERVED = frozenset({
    "active", "buffer", "coherent", "common", "extern", "external", "filter", "fixed", "half", "input", "interface",
    "output", "packed", "partition", "patch", "precise", "public", "readonly", "resource", "restrict", "sample",
    "shared", "short", "static", "superp", "template", "volatile", "writeonly",
})  # fmt: skip
# Built-in functions and qualifiers of later versions: renamed only in a shader that declares them for itself.
SHADOWED = frozenset({
    "centroid", "determinant", "flat", "inverse", "layout", "modf", "noise", "round", "smooth", "texture",
    "textureSize", "trunc",
})  # fmt: skip

# None of these may go over the same characters again and again: a text of a megabyte may hold anything.
_BLANK = re.compile(
    r"//[^\n]*|/\*(?:.*?\*/|(?P<open>.*))|^[ \t]*#[ \t]*(?:version|extension)[^\n]*", re.DOTALL | re.MULTILINE
)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b", re.MULTILINE)
_WORD = re.compile(r"\b[A-Za-z_]\w*")
_TYPES = r"(?:float|int|uint|bool|[biu]?vec[234]|mat[234](?:x[234])?|sampler2D)"
_SHADOWED = f"({'|'.join(sorted(SHADOWED))})"
_OWN = re.compile(rf"\b{_TYPES}\s+{_SHADOWED}\b|\b{_SHADOWED}[ \t]*[-+*/.,;=)\]<>!&|?:}}]")
_MESSAGE = re.compile(
    r"^(?:ERROR: *)?\d+[:(](?P<line>\d+)\)?(?:\(\d+\))? *:(?! *warning) *(?:error *(?:C\d+ *)?: *)?(?P<text>.+)$",
    re.MULTILINE,
)
LONGEST_LOG, LONGEST_MESSAGE = 10_000, 300  # characters: a compiler repeats what the file says


def glsl_name(name: str) -> str:
    """What an input or target is called in the translated shader."""
    return f"{name}_isf" if name in RESERVED or name in SHADOWED else name


def compile_shader(context: moderngl.Context, shader: Shader, index: int = 0) -> moderngl.Program:
    """The program for one entry of a shader's PASSES. Raises IsfError with the file, the line and the compiler's words.

    PASSINDEX is a constant of the program, so what belongs to other passes is compiled away: a software renderer would
    compute both sides of `if (PASSINDEX == 0)` for every pixel.
    """
    try:
        return context.program(*_sources(shader, index, FIRST_VERSION))
    except moderngl.Error as first:
        if context.version_code >= SECOND_VERSION:
            try:
                return context.program(*_sources(shader, index, SECOND_VERSION))
            except moderngl.Error:
                pass  # the older version's words fit what the artist wrote
        raise IsfError(explain(shader, str(first))) from None


def explain(shader: Shader, log: str) -> str:
    """One line out of a compiler's log: the first error, at its place in the artist's file."""
    path = shader.path.with_suffix(".vs") if "\nvertex_shader" in log else shader.path
    log = log[:LONGEST_LOG]
    found = _MESSAGE.search(log)
    if found is None:
        return f"{path}: does not compile: {' '.join(log.split())[:LONGEST_MESSAGE]}"
    return f"{path}:{found['line']}: {found['text'].strip().replace('_isf', '')[:LONGEST_MESSAGE]}"


def _sources(shader: Shader, index: int, version: int) -> tuple[str, str]:
    """Vertex and fragment source."""
    head = f"#version {version}\nconst int PASSINDEX = {index};\n"
    uniforms = BUILT_INS + "".join(_uniforms(shader))
    names = SHADOWED.intersection([*(i.name for i in shader.inputs), *shader.imported, *shader.targets])
    vertex_path = shader.path.with_suffix(".vs")
    vertex_body = PLAIN_VERTEX if shader.vertex is None else _translate(shader.vertex, vertex_path, 1, names, "out")
    vertex = f"{head}{VERTEX_BUILT_INS}{uniforms}#line 1\n{vertex_body}\n"
    body = _translate(shader.body, shader.path, shader.body_line, names, "in")
    if not re.search(r"\bmain\s*\(", body):
        raise IsfError(f"{shader.path}: has no main() function")
    fragment = f"{head}{FRAGMENT_BUILT_INS}{uniforms}#line {shader.body_line}\n{_finite(shader, index, body)}\n"
    return vertex, fragment


def _finite(shader: Shader, index: int, body: str) -> str:
    """The body, held to finite results where its buffer lasts from frame to frame."""
    if not shader.passes[index].persistent:
        return body
    has_input = any(i.name == "inputImage" and i.type == "image" for i in shader.inputs)
    instead = "IMG_THIS_PIXEL(inputImage)" if has_input else "vec4(0.0)"
    return re.sub(r"\bmain(?=\s*\()", "isf_main", body) + FINITE_MAIN % instead


def _uniforms(shader: Shader) -> Iterator[str]:
    for item in shader.inputs:
        yield f"uniform {UNIFORM_TYPES[item.type]} {glsl_name(item.name)};\n"
    images = [i.name for i in shader.inputs if i.is_image]
    buffers = [*shader.imported, *shader.targets]
    yield from (f"uniform sampler2D {glsl_name(name)};\n" for name in buffers)
    for name in (*images, *buffers):
        yield f"#define _{name}_imgRect vec4(0.0, 0.0, 1.0, 1.0)\n#define _{name}_flip false\n"
        yield f"#define _{name}_imgSize IMG_SIZE({glsl_name(name)})\n"


@lru_cache(maxsize=2)
def _translate(text: str, path: Path, first_line: int, names: frozenset[str], varying: str) -> str:
    """The same lines in GLSL 3.30; `varying` is the word that replaces that qualifier.

    The last two are kept: every pass of a shader has the same text.
    """
    code = _without_comments(text, path, first_line)
    include = _INCLUDE.search(code)
    if include:
        line = first_line + code.count("\n", 0, include.start())
        raise IsfError(f"{path}:{line}: #include is not known to ISF; write the other file's text in its place")
    words = {"varying": varying, "attribute": "in", "gl_FragColor": "isf_FragColor"}
    words |= {word: f"{word}_isf" for word in RESERVED | names | _declared(code)}
    return _WORD.sub(lambda word: words.get(word.group(), word.group()), code)


def _without_comments(text: str, path: Path, first_line: int) -> str:
    """The same lines without comments and without what this translation decides: version and extensions."""

    def blank(match: re.Match[str]) -> str:
        if match["open"] is not None:
            line = first_line + text.count("\n", 0, match.start())
            raise IsfError(f"{path}:{line}: a comment begins here and never ends; close it with */")
        return "\n" * match.group().count("\n") or " "

    return _BLANK.sub(blank, text)


def _declared(code: str) -> set[str]:
    """Which of the SHADOWED names this shader gives a meaning of its own: after a type, or used as a value."""
    return {name for match in _OWN.finditer(code) for name in match.groups() if name}

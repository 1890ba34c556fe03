"""Small pictures in, numbers out: what the tests of the picture share."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.params import Parameter, ParameterTree, Value
from engine.render.buffers import Copy
from engine.render.context import GLContext
from engine.render.draw import Size, Surface
from engine.render.header import load
from engine.render.passes import Moment, ShaderPass, pass_parameters

Pixels = NDArray[np.float32]
IMAGE = {"NAME": "inputImage", "TYPE": "image"}
DTYPES = {"f1": np.uint8, "f2": np.float16, "f4": np.float32}


def texture_of(gl: GLContext, rows: NDArray[np.floating]) -> moderngl.Texture:
    """A float texture of `rows`, [H, W, 3 or 4], row 0 at the top."""
    whole = np.ones((*rows.shape[:2], 4), np.float32)
    whole[..., : rows.shape[2]] = rows
    texture = gl.ctx.texture((rows.shape[1], rows.shape[0]), 4, whole[::-1].tobytes(), dtype="f4")
    texture.repeat_x = texture.repeat_y = False
    return texture


def flat(gl: GLContext, colour: Sequence[float], size: Size = (8, 4)) -> moderngl.Texture:
    """A texture of one colour."""
    return texture_of(gl, np.broadcast_to(np.asarray(colour, np.float32), (size[1], size[0], len(colour))))


def pixels(texture: moderngl.Texture) -> Pixels:
    """Float [H, W, 4], row 0 at the top; 8-bit channels from 0 to 1."""
    flat_values = np.frombuffer(texture.read(), DTYPES[texture.dtype])
    rows = flat_values.reshape(texture.height, texture.width, -1)[::-1].astype(np.float32)
    return rows / 255 if texture.dtype == "f1" else rows


def painting(size: int = 32, seed: int = 1) -> NDArray[np.uint8]:
    """A frame as a generator gives it: smooth colours, uint8 [size, size, 4]."""
    x, y = np.meshgrid(np.linspace(0, 3, size), np.linspace(0, 3, size))
    channels = [0.5 + 0.4 * np.sin((k + 1) * x + (seed + k) * y + seed) for k in range(3)]
    return (np.dstack([*channels, np.ones_like(x)]) * 255).round().astype(np.uint8)


def write_isf(path: Path, body: str, inputs: Sequence[Mapping[str, object]] = (IMAGE,), **header: object) -> Path:
    """A shader file. The header takes lines 1 to 3, `body` begins on line 4."""
    path.write_text(f"/*\n{json.dumps({'ISFVSN': '2', 'INPUTS': list(inputs), **header})}\n*/\n{body}\n")
    return path


def defaults(parameters: Sequence[Parameter]) -> dict[str, Value]:
    """What a show without an artist has: every default, by address."""
    return ParameterTree(parameters).snapshot().values  # type: ignore[return-value]


class Running:
    """One shader, drawn frame by frame."""

    def __init__(self, gl: GLContext, path: Path, size: Size = (8, 4), **initial: object) -> None:
        self._copy = Copy(gl.ctx)
        shader = load(path)
        self.parameters = pass_parameters(shader, "it", initial, "/it")
        self.shader_pass = ShaderPass(self._copy, shader)
        self._target = Surface(gl.ctx, size)
        self._index = 0

    def draw(self, image: moderngl.Texture, delta: float = 0.1, **values: Value) -> Pixels:
        """The next frame over `image`, with defaults where `values` says nothing."""
        known = {p.address.rpartition("/")[2]: p.default for p in self.parameters}
        moment = Moment(self._index * delta, delta if self._index else 0.0, self._index)
        self._index += 1
        return pixels(self.shader_pass.render(image, self._target, {**known, **values}, moment))

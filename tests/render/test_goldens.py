"""What each of our passes draws on Mesa's software renderer, kept as a picture: a change is seen, and looked at.

After a change that is meant, `python -m tests.render.test_goldens` draws them anew; look at them before they are kept.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.render.context import GLContext, open_context
from engine.render.library import SHADERS, shader_names
from tests.render.drawing import Pixels, Running, painting, texture_of

GOLDENS = Path(__file__).with_name("goldens")
SIZE = (192, 108)
FRAMES, STEP = 40, 0.1
MEAN, WORST = 1.0, 40  # levels of 255: other versions of Mesa and other processors round differently


def drawn(gl: GLContext, name: str) -> Pixels:
    """The pass over a still picture, some seconds after its beginning, at its defaults; uint8 [H, W, 3]."""
    shader = Running(gl, SHADERS / f"{name}.fs", SIZE)
    image = texture_of(gl, painting(192)[42:150, :, :3].astype(np.float32) / 255)
    for _ in range(FRAMES):
        frame = shader.draw(image, delta=STEP)
    levels: Pixels = (frame[..., :3].clip(0, 1) * 255).round()
    return levels


@pytest.mark.parametrize("name", shader_names())
def test_a_pass_draws_what_it_drew(gl: GLContext, name: str) -> None:
    if not gl.software:
        pytest.skip("goldens are drawn by Mesa's llvmpipe, and this is a GPU")
    golden = np.asarray(Image.open(GOLDENS / f"{name}.png").convert("RGB")).astype(np.float32)
    apart = np.abs(drawn(gl, name) - golden)
    assert apart.mean() < MEAN
    assert np.quantile(apart, 0.999) < WORST


def test_there_is_no_golden_of_a_pass_that_is_gone() -> None:
    assert {path.stem for path in GOLDENS.iterdir()} == set(shader_names())


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    context = open_context()
    for each in shader_names():
        Image.fromarray(drawn(context, each).astype(np.uint8)).save(GOLDENS / f"{each}.png")
    context.close()

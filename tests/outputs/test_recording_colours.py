"""The colours of a recording are those that were shown, for every player that reads its tags."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from engine.outputs.base import Canvas
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.names import GivenName
from engine.render.context import GLContext

PATCHES = np.array(
    [
        (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
        (0, 0, 0), (64, 64, 64), (128, 128, 128), (255, 255, 255),
        (200, 100, 50), (30, 160, 220), (240, 220, 20), (90, 20, 140), (180, 190, 175), (128, 0, 255),
    ],
    np.uint8,
)  # fmt: skip
BT709, LIMITED = 1, 1  # as ISO/IEC 23091-2 numbers them


def test_patches_read_back_within_two_of_what_was_shown(video: Path) -> None:
    """Through the decoder's own conversion, told to follow the tags."""
    with av.open(str(video)) as file:
        frame = list(file.decode(video=0))[5]
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace=Colorspace(frame.colorspace),
        src_color_range=ColorRange(frame.color_range),
        dst_color_range=ColorRange.JPEG,
    ).to_ndarray()
    assert np.abs(centres(rgb).astype(int) - PATCHES).max() <= 2


def test_patches_read_back_by_the_formulas_of_bt709(video: Path) -> None:
    with av.open(str(video)) as file:
        planes = list(file.decode(video=0))[5].to_ndarray()  # yuv420p: Y, then both quarters
    height = planes.shape[0] * 2 // 3
    y = centres(planes[:height])
    chroma = planes[height:].reshape(2, height // 2, -1)
    luma, blue, red = (y - 16) / 219, (centres(chroma[0]) - 128) / 224, (centres(chroma[1]) - 128) / 224
    rgb = np.stack([luma + 1.5748 * red, luma - 0.187324 * blue - 0.468124 * red, luma + 1.8556 * blue], axis=1)
    assert np.abs(np.round(255 * rgb) - PATCHES).max() <= 2


def test_the_file_says_how_its_colours_are_meant(video: Path) -> None:
    with av.open(str(video)) as file:
        context = file.streams.video[0].codec_context
        tags = context.color_primaries, context.color_trc, context.colorspace, context.color_range
    assert tags == (BT709, BT709, BT709, LIMITED)
    assert b"colrnclx\x00\x01\x00\x01\x00\x01" in video.read_bytes(), "for players that do not look into the stream"


@pytest.fixture(scope="module", params=[(1280, 720), (640, 360)], ids=["720p", "360p"])
def video(gl: GLContext, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Patches side by side; players guess the colours of sizes as these differently where there are no tags."""
    width, height = request.param
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.repeat(PATCHES, width // len(PATCHES), axis=0)
    texture = gl.ctx.texture((width, height), 4, pixels.tobytes())
    path = tmp_path_factory.mktemp("colours") / "patches.mp4"
    output = RecordingOutput(RecordingConfig(path=path), exact=True, naming=GivenName(path))
    output.open(gl, Canvas(width, height, 10))
    for i in range(10):
        output.present(texture, i, i / 10)
    output.close()
    texture.release()
    return path


def centres(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The middle pixel of each patch, [patches] or [patches, 3]: at the borders two share one colour sample."""
    width = plane.shape[1] // len(PATCHES)
    return plane[plane.shape[0] // 2, width // 2 :: width].astype(float)

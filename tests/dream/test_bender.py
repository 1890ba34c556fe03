"""The network bent: the same in every kind of worker, and nothing where nothing is asked."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from dreaming import NUM_WS, Point, Source, W, drive, picture_of, tiny_generator

from engine.dream.base import Floats, Pixels, message_of, parts_of
from engine.dream.bender import Bender, load_network
from engine.dream.bending import Bend, Bending, BlendWith
from engine.dream.inline import InlineSource
from engine.dream.process import ProcessLife
from engine.dream.synthesizer import Synthesizer
from engine.dream.thread import ThreadLife
from models.checkpoint import save
from models.noise import ANGLES, START, turned
from models.stylegan3 import Generator as StyleGAN3

FIELDS = ("scale", "rotate", "x", "y", "flip_horizontal", "flip_vertical", "threshold", "gain", "noise", "amount")
TURNING = Bending(controls=tuple(f"noise/turn_{angle}" for angle in range(ANGLES)))
TURNS = np.array(turned(START, 0.3), np.float32)
NEUTRAL = dict.fromkeys(FIELDS, 0.0) | {"scale": 1.0, "gain": 1.0, "noise": 1.0, "amount": 1.0}


def numbers(**changes: float) -> Floats:
    return np.array([*(NEUTRAL | changes).values()], np.float32)


@pytest.fixture(scope="module")
def bending(tmp_path_factory: pytest.TempPathFactory) -> Bending:
    """A wide canvas, one bend and a blend, all at once."""
    other = tmp_path_factory.mktemp("other") / "other.safetensors"
    generator = tiny_generator()
    for parameter in generator.synthesis.parameters():
        parameter.data.mul_(0.5)
    save(other, generator, {})
    bends = (Bend("tilt", "b8.conv1", (0, 2)),)
    names = tuple(f"bend/tilt/{name}" for name in FIELDS)
    return Bending((20, 40), "tile", bends, BlendWith(str(other), first="b16.conv0"), (*names, "blend/amount"))


@pytest.mark.parametrize("count", [0, 1, W, W + 1, 3 * W - 1])
def test_a_message_holds_ws_and_controls(count: int) -> None:
    controls = np.arange(1, count + 1, dtype=np.float32)
    message = message_of(Point(1, controls))
    assert message.dtype == np.float32
    assert message.shape[1] == W
    ws, rest = parts_of(message, NUM_WS)
    np.testing.assert_array_equal(ws, Point(1).ws)
    np.testing.assert_array_equal(rest[:count], controls)
    assert not rest[count:].any()


def test_every_kind_of_worker_bends_alike(model: Path, bending: Bending, opened: Callable[[Source], Source]) -> None:
    bending = replace(bending, controls=(*bending.controls, *TURNING.controls))
    controls = np.append(numbers(rotate=40, gain=2, threshold=0.1), [0.4, *TURNS]).astype(np.float32)
    points = [Point(1, controls), Point(1, np.append(numbers(), np.zeros(1 + ANGLES, np.float32)))]
    here = Synthesizer(model, bending=bending)
    expected = [here.render(message_of(point)) for point in points]
    assert expected[0] is not None
    assert expected[0].shape == (20, 40, 4)
    assert not np.array_equal(expected[0], expected[1])  # type: ignore[arg-type]
    for begin in (partial(ProcessLife, model, bending=bending), partial(ThreadLife, model, "cpu", bending=bending)):
        source = opened(Source(begin))
        drive(source, lambda source=source: source.frames >= 1, points[0])  # type: ignore[misc]
        for point, pixels in zip(points, expected, strict=True):
            np.testing.assert_array_equal(picture_of(source, point).pixels, pixels)
        assert "40×20" in source.describe()
    inline = InlineSource(model, 30, lambda: 0.0, bending)
    inline.submit(points[0])
    frame = inline.newest()
    assert frame is not None
    np.testing.assert_array_equal(frame.pixels, expected[0])


def test_neutral_numbers_are_the_very_picture_of_the_unbent_network(model: Path, bending: Bending) -> None:
    still = replace(bending, canvas=None)
    plain, bent = Synthesizer(model), Synthesizer(model, bending=still)
    point = Point(2, np.append(numbers(), np.float32(0)))
    np.testing.assert_array_equal(bent.render(message_of(point)), plain.render(Point(2).ws))  # type: ignore[arg-type]


def test_a_blend_that_stays_is_the_same_one(model: Path, bending: Bending) -> None:
    """Else its weights would be mixed anew for every picture."""
    bender = Bender(load_network(model, "cpu", bending), bending, "cpu")
    first, turned, moved = (
        bender.arguments(np.append(numbers(rotate=rotate), np.float32(amount)))["edits"].blend
        for rotate, amount in ((0, 0.4), (10, 0.4), (10, 0.5))
    )
    assert turned is first
    assert (first.amount, moved.amount) == pytest.approx((0.4, 0.5))


def test_an_unbent_network_is_told_nothing(model: Path) -> None:
    assert Synthesizer(model)._bender.arguments(np.empty(0, np.float32)) == {}


def test_a_group_of_channels_is_chosen_once_and_alike_everywhere(model: Path) -> None:
    bending = Bending(bends=(Bend("a", "b16.conv0", cluster=(2, 3)),), controls=tuple(f"bend/a/{n}" for n in FIELDS))
    first, second = (Synthesizer(model, bending=bending) for _ in range(2))
    point = Point(3, numbers(gain=-2))
    drawn = first.render(message_of(point))
    np.testing.assert_array_equal(drawn, second.render(message_of(point)))  # type: ignore[arg-type]
    assert not np.array_equal(drawn, first.render(Point(3).ws))  # type: ignore[arg-type]


def test_turns_are_seen(model: Path) -> None:
    turning = Synthesizer(model, bending=TURNING).render(message_of(Point(1, TURNS)))
    assert not np.array_equal(turning, Synthesizer(model).render(Point(1).ws))  # type: ignore[arg-type]


def test_at_the_start_of_its_turns_the_network_is_as_it_was(model: Path) -> None:
    turning, plain = Synthesizer(model, bending=TURNING), Synthesizer(model)
    still = turning.render(message_of(Point(2, np.zeros(ANGLES, np.float32))))
    np.testing.assert_array_equal(still, plain.render(Point(2).ws))  # type: ignore[arg-type]


def test_turns_and_a_bend_of_the_noise_go_together(model: Path) -> None:
    bends = (Bend("tilt", "b8.conv1"),)
    names = (*TURNING.controls, *(f"bend/tilt/{name}" for name in FIELDS))
    synthesizer = Synthesizer(model, precision="float32", bending=Bending(bends=bends, controls=names))

    def drawn(turns: Floats, noise: float) -> Pixels:
        pixels = synthesizer.render(message_of(Point(1, np.concatenate([turns, numbers(noise=noise)]))))
        assert pixels is not None
        return pixels.astype(np.int16)  # type: ignore[return-value]

    start = np.zeros(ANGLES, np.float32)
    alone = Synthesizer(model, precision="float32", bending=TURNING).render(message_of(Point(1, TURNS)))
    np.testing.assert_array_equal(drawn(TURNS, 1), alone)  # type: ignore[arg-type]
    louder = np.abs(drawn(TURNS, 3) - drawn(start, 3)).mean()
    assert louder > 1.1 * np.abs(drawn(TURNS, 1) - drawn(start, 1)).mean()


def test_a_network_without_noise_passes_over_the_turns(plane: Path) -> None:
    """As the next one on a wall whose first had some."""
    ws = np.random.default_rng(1).normal(size=(16, W)).astype(np.float32)
    rows = np.zeros((1, W), np.float32)
    rows[0, :ANGLES] = TURNS
    turning, plain = Synthesizer(plane, bending=TURNING), Synthesizer(plane)
    np.testing.assert_array_equal(turning.render(np.concatenate([ws, rows])), plain.render(ws))  # type: ignore[arg-type]


CAMERA = Bending(controls=tuple(f"camera/{name}" for name in ("x", "y", "rotation", "zoom")))


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small StyleGAN3 with all its directions at once."""
    torch.manual_seed(2)
    path = tmp_path_factory.mktemp("plane") / "plane.safetensors"
    generator = StyleGAN3(
        32, z_dim=W, w_dim=W, channel_base=512, channel_max=12, conv_kernel=1, use_radial_filters=True, output_scale=8
    )
    save(path, generator, {})
    return path


def looked_at(plane: Path, *numbers: float) -> Pixels:
    point = np.random.default_rng(1).normal(size=(16, W)).astype(np.float32)
    synthesizer = Synthesizer(plane, precision="float32", bending=CAMERA)
    rows = np.zeros((1, W), np.float32)
    rows[0, :4] = numbers
    pixels = synthesizer.render(np.concatenate([point, rows]))
    assert pixels is not None
    return pixels[..., :3].astype(np.int16)  # type: ignore[return-value]


def test_a_camera_that_steps_right_and_up_sees_what_was_there(plane: Path) -> None:
    """A quarter of a picture is 8 pixels; the border's layers see a little of what is beyond."""
    before, after = looked_at(plane, 0, 0, 0, 1), looked_at(plane, 0.25, 0.25, 0, 1)
    assert np.abs(after[12:28, 4:20] - before[4:20, 12:28]).mean() < 1.5
    assert np.abs(after[12:28, 4:20] - before[12:28, 4:20]).mean() > 4


def test_a_quarter_turn_is_counter_clockwise(plane: Path) -> None:
    before, after = looked_at(plane, 0, 0, 0, 1), looked_at(plane, 0, 0, 90, 1)
    inside = np.s_[8:24, 8:24]
    assert np.abs(after[inside] - np.rot90(before)[inside]).mean() < 3
    assert np.abs(after[inside] - np.rot90(before, 3)[inside]).mean() > 4


def test_zoom_enlarges(plane: Path) -> None:
    before, after = looked_at(plane, 0, 0, 0, 1), looked_at(plane, 0, 0, 0, 2)
    halved = after.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved[3:13, 3:13] - before[11:21, 11:21]).mean() < np.abs(before - before.mean()).mean() / 2

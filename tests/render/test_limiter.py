"""Whatever is wanted, no pixel flashes more than three times in any second; what is calm passes as it is."""

from collections.abc import Callable, Iterator

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.render.context import GLContext, open_context
from engine.render.wall import Wall
from tests.render.flashing import (
    FROM_WHITE,
    SIZE,
    WALL,
    Picture,
    Stage,
    bars,
    checkers,
    cuts,
    general,
    is_on,
    noise,
    per_second,
    places,
    play,
    pulses,
    red,
    rgb,
    sine,
    strobe,
    times,
)

MOST = 6  # opposing transitions in a second: three flashes
CALM = 1.0  # seconds of one grey before it begins
Begin = Callable[..., Stage]

SEQUENCES = {
    "strobe, 2 Hz": (strobe(2), 25),
    "strobe, 5 Hz": (strobe(5), 24),
    "strobe, 12 Hz": (strobe(12), 50),
    "strobe, 30 Hz": (strobe(30), 60),
    "faint strobe, 8 Hz": (strobe(8, 0.3, 0.45), 30),
    "sine, 9 Hz": (sine(9), 60),
    "halves in antiphase, 5 Hz": (checkers(5, 48), 30),
    "checkerboard of 13 pixels, 10 Hz": (checkers(10, 13), 59.94),
    "checkerboard of 3 pixels, 7 Hz": (checkers(7, 3), 30),
    "bars that move, 6 Hz": (bars(6), 30),
    "cuts, 5 a second": (cuts(0.2), 30),
    "noise in large blocks": (noise(9), 24),
    "red pulses, 10 Hz": (pulses(10, (1, 0, 0), (0, 0, 0)), 30),
    "red against green of equal light, 4 Hz": (pulses(4, (1, 0, 0), (0, 0.583, 0)), 25),
    "red against grey, 15 Hz": (pulses(15, (1, 0.1, 0.1), (0.5, 0.5, 0.5)), 60),
}


@pytest.fixture
def begin(gl: GLContext) -> Iterator[Begin]:
    made = []

    def build(*arguments: object) -> Stage:
        made.append(Stage(gl, *arguments))
        return made[-1]

    yield build
    for each in made:
        each.close()


def most(frames: NDArray[np.uint8], shown_at: NDArray[np.float64], wall: Wall = WALL) -> int:
    """Transitions of the worst pixel in its worst second, general ones or red ones."""
    return int(max(per_second(general(frames, wall), shown_at).max(), per_second(red(frames), shown_at).max()))


def srgb(light: float) -> float:
    """Of linear light."""
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)


def wanted(light: Callable[[float], Picture], shown_at: NDArray[np.float64]) -> NDArray[np.uint8]:
    """What would be shown without a limiter."""
    return np.array([(light(t).clip(0, 1) * 255).round() for t in shown_at]).astype(np.uint8)


@pytest.mark.parametrize("name", SEQUENCES)
def test_three_flashes_a_second_at_most(begin: Begin, name: str) -> None:
    light, fps = SEQUENCES[name]
    shown_at = times(fps, CALM + 2.0)
    after_calm = [t if t >= CALM else None for t in shown_at]
    frames = play(begin(), light, shown_at, after_calm)
    assert most(frames, shown_at) <= MOST
    if name not in ("strobe, 2 Hz", "cuts, 5 a second"):  # which pass: two flashes a second, and by chance
        assert most(wanted(light, shown_at), shown_at) > MOST, "the test is no test otherwise"


@pytest.mark.parametrize("wall", [Wall(4.0, 2.0, 1500.0), FROM_WHITE, Wall(4.0, 12.0, 500.0), Wall(40.0, 1.0, 500.0)])
def test_the_wall_decides_what_a_flash_is(begin: Begin, wall: Wall) -> None:
    shown_at = times(30, 3.0)
    bright = strobe(6, 0.0, 0.31 if wall.peak_nits > 1000 else 0.6)
    assert (
        most(play(begin(wall), bright, shown_at), shown_at, wall)
        <= MOST
        < most(wanted(bright, shown_at), shown_at, wall)
    )


def test_many_cells_are_added_up_row_by_row_to_the_same(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a picture whose cells differ, and of which only the left is limited."""
    x, _ = places()
    level = np.random.default_rng(5).random((SIZE[1], SIZE[0], 1))
    flashing = strobe(6)

    def light(t: float) -> Picture:
        return np.where(x[..., None] < SIZE[0] / 2, flashing(t) * level, level * np.ones(3))

    sums = []
    for at_once in (1024, 0):
        monkeypatch.setattr("engine.render.flicker.AT_ONCE", at_once)
        stage = begin()
        play(stage, light, times(30, 2.0))
        flicker = stage.flicker
        sums.append(
            [read(flicker.speeds.texture), read(flicker._screen.texture), read(flicker._screen_mean.front.texture)]
        )
    for one, other in zip(*sums, strict=True):
        assert one == pytest.approx(other, rel=1e-5)
    speeds, _, screen_mean = sums[0]
    assert speeds[0] < speeds[2], "the test is no test otherwise"
    assert abs(screen_mean[0]) > 0.55


def read(texture: moderngl.Texture) -> list[float]:
    """The one texel of a float texture."""
    return [float(value) for value in np.frombuffer(texture.read(), np.float32)]


def test_flashing_that_goes_on_fades_below_two_flashes_a_second(begin: Begin) -> None:
    for frequency in (2.0, 2.7):
        shown_at = times(30, 8.0)
        frames = play(begin(), strobe(frequency), shown_at)
        late = shown_at >= 5.0
        turns = general(frames)[late].sum(0)
        assert turns.max() < 4 * (shown_at[-1] - 5.0)
        assert turns.max() <= 2


@pytest.mark.parametrize("light", [strobe(7), pulses(9, (1, 0, 0), (0, 0, 0))])
def test_frames_that_are_late_dropped_or_doubled(begin: Begin, light: Callable[[float], Picture]) -> None:
    rng = np.random.default_rng(3)
    shown_at = times(60, 3.5, rng)
    drawn_at = np.where(rng.random(len(shown_at)) < 0.1, np.roll(shown_at, 1), shown_at)
    assert most(play(begin(), light, shown_at, drawn_at), shown_at) <= MOST


def test_a_long_gap_allows_no_more_than_the_rule(begin: Begin) -> None:
    shown_at = np.cumsum(np.random.default_rng(4).choice([0.02, 0.03, 0.15, 0.3, 0.45], 90))
    drawn_at = 0.5 * np.arange(len(shown_at))
    light = strobe(1)  # of which the next half is wanted with each frame
    frames = play(begin(), light, shown_at, drawn_at)
    assert most(frames, shown_at) <= MOST < most(wanted(light, drawn_at), shown_at)


@pytest.mark.parametrize("every", [0.2, 0.35, 0.5, 0.8, 1.5])
def test_engines_that_begin_again_and_again(begin: Begin, every: float) -> None:
    stage, shown_at = begin(), times(30, 5.0)
    frames, began = [], 0.0
    for t in shown_at:
        if t - began >= every:
            stage.restart()
            began = t
        frames.append(stage.show(strobe(9)(t), t))
    assert most(np.array(frames), shown_at) <= MOST


def test_other_sizes_of_the_picture_are_no_way_around(begin: Begin) -> None:
    stage, shown_at = begin(), times(30, CALM + 2.0)
    middles, wished = [], []
    for index, t in enumerate(shown_at):
        width, height = SIZE if index // 4 % 2 else (48, 28)
        light = strobe(6)(t)[0, 0, 0] if t >= CALM else 0.4
        frame = stage.show(rgb(np.full((height, width), light)), t)
        middles.append(frame[height // 2, width // 2][None, None])
        wished.append(np.full((1, 1, 3), round(255 * light)))
    assert most(np.array(middles), shown_at) <= MOST < most(np.array(wished, np.uint8), shown_at)


@pytest.mark.parametrize(("side", "light"), [(1, 0.6), (2, 0.5), (4, 0.3), (7, 0.2)])
def test_squares_that_alternate_within_a_place(begin: Begin, side: int, light: float) -> None:
    size, wall = (320, 180), Wall(4.0, 4.0, FROM_WHITE.peak_nits)  # pixels of 0.18°
    stage, shown_at = begin(wall, size), times(20, CALM + 1.5)
    x, y = places(size)
    odd = (x // side + y // side) % 2 > 0
    level = srgb(light)
    pictures = [rgb((odd == is_on(t, 5.0)) * (level if t > CALM else 0.0)) for t in shown_at]
    frames = np.array([stage.show(picture, t) for picture, t in zip(pictures, shown_at, strict=True)])
    wished = (255 * np.array(pictures)).round().astype(np.uint8)
    assert most(frames, shown_at, wall) <= MOST < most(wished, shown_at, wall)


def test_every_pixel_of_a_place_is_looked_at(begin: Begin) -> None:
    """Still pixels among those that flash hide nothing: their mean is followed."""
    size, wall = (320, 180), Wall(4.0, 8.0, 500.0)
    x, y = places(size)
    shown_at = times(24, CALM + 1.5)
    for spared in ((x + y) % 2 < 1, (x // 3 + y // 5) % 7 == 0, x % 8 < 5):
        stage = begin(wall, size)
        pictures = [rgb(np.where(spared, 0.0, float(t < CALM or is_on(t, 5.0)))) for t in shown_at]
        frames = np.array([stage.show(picture, t) for picture, t in zip(pictures, shown_at, strict=True)])
        assert most(frames, shown_at) <= MOST < most((255 * np.array(pictures)).astype(np.uint8), shown_at)


@pytest.mark.parametrize(("nits", "dark", "bright"), [(500, 10, 45), (1500, 0, 21), (5000, 0, 26), (20000, 0, 42)])
def test_changes_by_20_nits_count_on_any_wall(begin: Begin, nits: float, dark: float, bright: float) -> None:
    wall, shown_at = Wall(4.0, 2.0, nits), times(24, CALM + 2.0)
    low, high = (srgb(light / nits) for light in (dark, bright))
    light = strobe(8, low, high)
    drawn_at = [max(t, CALM) for t in shown_at]
    assert (
        most(play(begin(wall), light, shown_at, drawn_at), shown_at, wall)
        <= MOST
        < most(wanted(light, np.array(drawn_at)), shown_at, wall)
    )


@pytest.mark.parametrize("part", [0.3, 0.42])
def test_smaller_changes_on_a_quarter_of_a_wall_within_one_field(begin: Begin, part: float) -> None:
    wall, (x, _) = Wall(4.0, 30.0, 500.0), places()
    shown_at = times(24, CALM + 2.0)
    stage = begin(wall)
    low, high = srgb(0.05), srgb(0.12)
    pictures = [rgb(np.where((x < part * SIZE[0]) & (t > CALM) & is_on(t, 8), low, high)) for t in shown_at]
    frames = np.array([stage.show(picture, t) for picture, t in zip(pictures, shown_at, strict=True)])
    wished = (255 * np.array(pictures)).round().astype(np.uint8)
    assert most(frames, shown_at, wall) <= MOST < most(wished, shown_at, wall)


def test_patterns_finer_than_a_place(begin: Begin) -> None:
    size = (320, 180)
    stage, shown_at = begin(WALL, size), times(20, CALM + 1.5)
    x, y = places(size)
    odd = (x + y) % 2 > 0
    pictures = [rgb((odd == is_on(t, 5.0)) * (1.0 if t > CALM else 0.0)) for t in shown_at]
    frames = np.array([stage.show(picture, t) for picture, t in zip(pictures, shown_at, strict=True)])
    wished = (255 * np.array(pictures)).astype(np.uint8)
    assert most(frames, shown_at) <= MOST < most(wished, shown_at)


def test_small_areas_may_flash(begin: Begin) -> None:
    x, y = places()
    spot = (np.abs(x - 48) < 3) & (np.abs(y - 27) < 3)
    stage, shown_at = begin(Wall(4.0, 12.0, 500.0)), times(30, 3.0)
    frames = np.array([stage.show(rgb(np.where(spot, strobe(10)(t)[0, 0, 0], 0.4)), t) for t in shown_at])
    turns = per_second(general(frames), shown_at)
    assert turns[spot].min() > MOST
    assert turns[~spot].max() <= 1


def test_the_rest_of_the_wall_goes_on(begin: Begin) -> None:
    x, _ = places()
    shown_at = times(30, 3.0)
    stage = begin()
    for t in shown_at:
        slope = 0.3 + 0.2 * np.sin(0.1 * x + t)
        shown = stage.show(rgb(np.where(x < 20, strobe(10)(t)[0, 0, 0], slope)), t)
    assert np.abs(shown[:, 48:, 0] / 255 - slope[:, 48:]).max() <= 1 / 255


def test_it_lets_go_when_it_is_over(begin: Begin) -> None:
    stage = begin()
    calm = rgb(np.full((SIZE[1], SIZE[0]), 0.7))
    for t in times(30, 3.0):
        stage.show(strobe(10)(t), t)
    for t in 3.0 + times(30, 3.0):
        shown = stage.show(calm, t)
    assert np.abs(shown / 255 - calm).max() <= 1 / 255


def test_what_is_calm_passes_as_it_is(begin: Begin) -> None:
    stage, (x, y) = begin(), places()
    worst = 0.0
    for t in times(30, 6.0):
        light = 0.5 + 0.3 * np.sin(0.13 * x + 0.9 * t) * np.cos(0.11 * y - 0.5 * t) + 0.1 * np.sin(t)
        grain = np.random.default_rng(int(t * 16)).normal(0, 0.02, (SIZE[1], SIZE[0]))
        picture = np.dstack([light + grain, 0.8 * light + grain, 0.5 * light + grain]).clip(0, 1)
        shown = stage.show(picture, t)
        if t > 2.0:
            worst = max(worst, float(np.abs(shown / 255 - picture).max()))
    assert worst <= 1.01 / 255


def test_a_cut_is_seen_at_once(begin: Begin) -> None:
    stage = begin()
    for t in times(30, 3.0):
        stage.show(rgb(np.full((SIZE[1], SIZE[0]), 0.2)), t)
    assert (stage.show(rgb(np.full((SIZE[1], SIZE[0]), 0.9)), 3.0) >= 229).all(), "no frame of latency"


def test_stricter_is_stricter_and_looser_there_is_not(begin: Begin) -> None:
    shown_at = times(30, 3.0)
    seen = {}
    for strictness in (0.01, 1.0, 2.0, 4.0):
        stage = begin()
        frames = np.array([stage.show(strobe(5)(t) if t > CALM else strobe(0)(t), t, strictness) for t in shown_at])
        seen[strictness] = per_second(general(frames), shown_at).max()
    assert seen[0.01] == seen[1.0] <= MOST
    assert seen[1.0] > seen[2.0] >= seen[4.0]


if __name__ == "__main__":  # the table of docs/LIMITER.md
    context = open_context()
    print("| sequence | wanted | shown |\n|---|---|---|")
    for each, (wanted_light, rate) in SEQUENCES.items():
        moments = times(rate, CALM + 3.0)
        after = play(Stage(context), wanted_light, moments, [t if t >= CALM else None for t in moments])
        print(f"| {each} | {most(wanted(wanted_light, moments), moments)} | {most(after, moments)} |")

"""Transitions of many places at once are those of each place alone, followed step by step."""

import numpy as np
import pytest

from engine.flashes.definition import general_rules
from engine.flashes.light import chromaticity, luminance
from engine.flashes.transitions import LuminanceTransitions, RedTransitions

SDR = general_rules(200)


def of_one_place(levels: list[float], peak_nits: float) -> list[int]:
    """Frames with a transition: from the extreme since the last one, in the other direction, if both states say so."""
    found, extremes, direction = [], [levels[0], levels[0]], 0
    for index, level in enumerate(levels):
        extremes = [min(extremes[0], level), max(extremes[1], level)]
        for sign, extreme in ((1, extremes[0]), (-1, extremes[1])):
            change, darker = abs(level - extreme), min(level, extreme)
            counts = (change >= 0.1 and darker < 0.8) or (change * peak_nits >= 20 and darker * peak_nits < 160)
            if counts and (level - extreme) * sign > 0 and direction != sign:
                found.append(index)
                extremes, direction = [level, level], sign
                break
    return found


@pytest.mark.parametrize("peak_nits", [100, 200, 500, 2000])
def test_many_places_are_each_followed_alone(peak_nits: float) -> None:
    chance = np.random.default_rng(0)
    steps = chance.normal(0, chance.choice([0.01, 0.05, 0.3], 50), (200, 50))
    levels = np.abs((np.cumsum(steps, axis=0) + 0.5) % 2 - 1).astype(np.float32)  # walks that turn round at 0 and 1
    transitions = LuminanceTransitions(general_rules(peak_nits))
    found = np.array([transitions.see(row) for row in levels])
    for place in range(50):
        alone = of_one_place([float(level) for level in levels[:, place]], peak_nits)
        assert np.flatnonzero(found[:, place]).tolist() == alone


def seen(rule: LuminanceTransitions, levels: list[float]) -> int:
    return sum(int(rule.see(np.array([level], np.float32))[0]) for level in levels)


def test_a_slow_change_is_one_transition_however_far_it_goes() -> None:
    assert seen(LuminanceTransitions(SDR), list(np.linspace(0, 1, 500))) == 1
    assert seen(LuminanceTransitions(SDR), [0, 0.09, 0, 0.09, 0]) == 0
    assert seen(LuminanceTransitions(SDR), [0.81, 1, 0.81, 1]) == 0, "the darker state is too bright"
    assert seen(LuminanceTransitions(SDR), [0.5, 1, 0.5, 1]) == 3


def reds(*colours: tuple[float, float, float]) -> int:
    transitions = RedTransitions()
    found = 0
    for colour in colours:
        linear = np.array([[colour]], np.float32)
        found += int(transitions.see(*chromaticity(linear))[0, 0])
    return found


def test_red_flashes_need_saturated_red_on_one_side() -> None:
    red, green, blue, grey, black = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.2, 0.2, 0.2), (0, 0, 0)
    assert reds(red, green, red, green) == 3
    assert reds(grey, red, black, red) == 3
    assert reds(green, blue, green, blue) == 0
    assert reds((0.7, 0.2, 0.1), blue, (0.7, 0.2, 0.1)) == 0, "red, but not saturated"
    assert reds((0.8, 0.19, 0.01), (1, 0, 0), (0.8, 0.19, 0.01)) == 0, "two reds are near each other"
    assert reds((0.0005, 0, 0), black, (0.0005, 0, 0)) == 0, "too dark to be a colour in a lit room"


def test_a_red_that_comes_slowly_is_one_transition() -> None:
    assert reds(*((1.0, 1 - share, 1 - share) for share in np.linspace(0, 1, 100))) == 1


def test_light_and_colour_are_those_of_srgb() -> None:
    white = np.ones((1, 1, 3), np.float32)
    assert luminance(white)[0, 0] == pytest.approx(1)
    u, v, red_share = chromaticity(white)
    assert (u[0, 0], v[0, 0]) == pytest.approx((0.1978, 0.4683), abs=1e-3)  # D65
    assert red_share[0, 0] == pytest.approx(1 / 3)

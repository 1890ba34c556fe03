"""The render scale under simulated loads: holds the rate, gives detail back, never swings."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from engine.render.scale import QUALITIES, REST, SETTLING, SPARED, STEPS, ScaleController, ladder, starting_scale

FPS = 30.0
NOMINAL = 1 / FPS


def simulate(controller: ScaleController, seconds: float, work: Callable[[float, float], float]) -> list[float]:
    """Run against a renderer that takes `work(time, scale)` seconds; 4 ms of every frame go elsewhere. All scales."""
    time, scales = 0.0, []
    while time < seconds:
        cost = work(time, controller.scale)
        interval = max(NOMINAL, cost + 0.004)
        controller.observe(interval, cost)
        scales.append(controller.scale)
        time += interval
    return scales


def area(full: float) -> Callable[[float, float], float]:
    """A renderer that takes `full` seconds for the whole canvas, less for less of it."""
    return lambda time, scale: full * scale**2


def changes(scales: list[float]) -> int:
    return sum(a != b for a, b in pairwise(scales))


def settled(controller: ScaleController) -> ScaleController:
    """Past the first seconds, which prove nothing."""
    while controller.observe(NOMINAL, 0.5 * NOMINAL) and controller._time < SETTLING:
        pass
    return controller


def test_it_starts_near_640_in_software_and_whole_on_a_gpu() -> None:
    assert [starting_scale(width, software=True) for width in (480, 640, 1280, 1920)] == [1.0, 1.0, 0.5, 0.35]
    assert starting_scale(3840, software=True) == STEPS[-1]
    assert starting_scale(3840, software=False) == 1.0


@pytest.mark.parametrize("full", [0.04, 0.08, 0.15, 0.4])
def test_it_finds_a_scale_that_holds_the_rate_and_stays(full: float) -> None:
    controller = settled(ScaleController(FPS))
    simulate(controller, 20, area(full))
    assert full * controller.scale**2 + 0.004 <= NOMINAL
    assert changes(simulate(controller, 600, area(full))) <= 8, "rare trials only"
    assert full * controller.scale**2 + 0.004 <= NOMINAL


def test_it_is_quick_to_go_down() -> None:
    controller = settled(ScaleController(FPS))
    scales = simulate(controller, 6, area(0.15))
    assert scales[-1] <= 0.42


def test_it_never_touches_a_load_that_fits() -> None:
    for full in (0.001, 0.01, 0.02):
        assert changes(simulate(settled(ScaleController(FPS)), 300, area(full))) == 0


def test_it_gives_detail_back_when_a_load_has_gone() -> None:
    controller = settled(ScaleController(FPS))
    simulate(controller, 30, area(0.15))
    low = controller.scale
    scales = simulate(controller, 15 * REST, area(0.01))
    assert low < 0.5
    assert scales[-1] == 1.0
    assert scales == sorted(scales)


def test_it_does_not_swing_on_the_edge() -> None:
    """At each scale the load is a hair below what is allowed, and half a second in ten above it."""
    controller = settled(ScaleController(FPS, 0.6))
    edge = 0.72 * NOMINAL / 0.6**2
    scales = simulate(controller, 1800, lambda t, scale: edge * scale**2 * (1.35 if t % 10 < 0.5 else 1.0))
    assert changes(scales) <= 12


def test_frames_that_are_late_for_another_reason_cost_no_detail() -> None:
    controller = settled(ScaleController(FPS))
    for _ in range(600):
        controller.observe(3 * NOMINAL, 0.1 * NOMINAL)
    assert controller.scale == 1.0


def test_single_hiccups_cost_no_detail() -> None:
    controller = settled(ScaleController(FPS))
    for i in range(3000):
        late = i % 100 == 0
        controller.observe(0.5 if late else NOMINAL, 0.4 if late else 0.4 * NOMINAL)
    assert controller.scale == 1.0


def test_the_smallest_step_is_the_end() -> None:
    controller = settled(ScaleController(FPS))
    simulate(controller, 120, lambda time, scale: 1.0)
    assert controller.scale == STEPS[-1]


def test_the_start_proves_nothing() -> None:
    controller = ScaleController(FPS)
    assert changes(simulate(controller, SETTLING - 1, area(0.4))) == 0


def test_quality_is_lowered_before_the_size_it_began_with() -> None:
    assert ladder(1.0, (1.0,)) == [(step, 1.0) for step in STEPS]
    rungs = ladder(0.5, QUALITIES)
    assert rungs[: STEPS.index(0.5) + 3] == [*((s, 1.0) for s in STEPS if s >= 0.5), (0.5, 0.5), (0.5, 0.0)]
    assert rungs[-1] == (STEPS[-1], 0.0)
    assert [rung.cost for rung in rungs] == sorted((rung.cost for rung in rungs), reverse=True)


def test_a_small_lack_costs_quality_only_and_it_comes_back() -> None:
    controller = settled(ScaleController(FPS, 1.0, QUALITIES))

    def work(time: float, scale: float) -> float:
        return (0.027 if time < 60 else 0.012) * scale**2 * (1 - SPARED * (1 - controller.quality))

    simulate(controller, 30, work)
    assert (controller.scale, controller.quality) == (1.0, 0.5)
    simulate(controller, 15 * REST, lambda time, scale: work(time + 60, scale))
    assert (controller.scale, controller.quality) == (1.0, 1.0)


def test_a_large_lack_costs_both() -> None:
    controller = settled(ScaleController(FPS, 1.0, QUALITIES))
    simulate(controller, 30, area(0.15))
    assert (controller.scale < 0.6, controller.quality) == (True, 0.0)


def test_a_machine_that_begins_small_begins_with_the_least_quality() -> None:
    assert ScaleController(FPS, 0.5, QUALITIES).quality == 0.0
    assert ScaleController(FPS, 1.0, QUALITIES).quality == 1.0
    assert ScaleController(FPS, 0.5).quality == 1.0

"""Where the curves of a run lie."""

import re
from pathlib import Path

import pytest

from models.training.watch.charts import FULL, POINTS, charts
from models.training.watch.history import Figures, History, Steps
from models.training.watch.scales import Scale, scale_of


def test_a_scale_leads_from_its_low_to_its_high() -> None:
    assert [Scale(-1, 3)(value) for value in (-1, 1, 3)] == [0, 0.5, 1]
    assert [Scale(0.1, 1000, log=True)(value) for value in (0.1, 10, 1000)] == pytest.approx([0, 0.5, 1])
    assert Scale(0.1, 1000, log=True)(0.0) == 0


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 1), [0, 0.25, 0.5, 0.75, 1]),
        (Scale(0, 190.5), [0, 50, 100, 150]),
        (Scale(-5.3, -0.2), [-4, -2]),
        (Scale(0.05, 2000, log=True), [0.1, 10, 1000]),
        (Scale(2, 90, log=True), [2, 5, 10, 20, 50]),
    ],
)
def test_ticks_are_round(scale: Scale, ticks: list[float]) -> None:
    assert scale.ticks() == pytest.approx(ticks)


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [-2.0, 3.0], [1e-9, 1e9], [0.0, 1e-12]])
def test_every_value_has_its_place(values: list[float]) -> None:
    scale = scale_of(values)
    assert all(0 <= scale(value) <= 1 for value in values)
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks())


@pytest.mark.parametrize("values", [[-1e308, 1e308], [1e308], [5e-324, 1.0], [5e-324], [-2.0], [-1e308, 5e-324, 1e308]])
def test_no_number_is_too_much_for_a_page(tmp_path: Path, values: list[float]) -> None:
    history = History(tmp_path)
    for value in values:
        history.add(Steps(kimg=5e-324, values={"loss_g": value, "confidence": value}))
        history.add(Figures(kimg=5e-324, values={"swd": value, "swd_16": value, "swd_32": 1.0}))
    for chart in charts(history):
        assert all(0 <= number <= 1000 for curve in chart.curves for number in numbers(curve.path))
        assert all(0 <= tick.at <= 100 for tick in (*chart.x, *chart.y))


def test_values_of_many_sizes_are_seen_by_their_logarithm() -> None:
    assert scale_of([0.1, 50]).log
    assert not scale_of([0.1, 50], floor=0, include=(0,)).log
    assert scale_of([2, 30], floor=0).low < 2


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_a_run_has_a_chart_for_each_thing_it_tells(tmp_path: Path) -> None:
    history = History(tmp_path)
    for n in range(1, 2001):
        history.add(Steps(kimg=n / 2, values={"loss_g": 1000 / n, "loss_d": 0.5, "waited": 0.001, "odd": 1.0}))
    for kimg, swd in ((100, 90.0), (600, 20.0), (900, 30.0)):
        values = {"swd": swd, "swd_16": swd / 2, "swd_32": swd, "swd_64": 2 * swd, "diversity": 0.5}
        history.add(Figures(kimg=kimg, values=values))
    found = {chart.title: chart for chart in charts(history)}
    assert list(found) == ["Distance", "Variety", "Losses", "Waiting for pictures"]
    distance = found["Distance"]
    assert [curve.name for curve in distance.curves] == ["all sizes", "16 pixels", "64 pixels"]
    assert distance.best is not None
    assert (distance.best.kimg, distance.best.value, distance.best.x) == (600, 20, pytest.approx(60))
    assert found["Variety"].limits[0].value == 1
    places = numbers(found["Losses"].curves[0].path)
    assert len(places) // 2 <= POINTS
    assert all(0 <= place <= FULL for place in places)
    assert places[1] < places[-1]  # it falls: downwards is more
    assert max(tick.value for tick in found["Waiting for pictures"].y) >= 0.04
    assert found["Losses"].log


def test_a_run_that_has_told_nothing_has_no_chart(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert charts(history) == []
    history.add(Steps(kimg=0.016, values={"loss_g": 1.0}))
    assert charts(history)[0].curves[0].path.startswith("M1000.0 ")

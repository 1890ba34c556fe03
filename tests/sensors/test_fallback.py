from itertools import pairwise

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from sensors.channel import Channel, Quality
from sensors.fallback import EaseTo, Fallback, Hold, Simulate
from sensors.gallery_day import GalleryDay
from sensors.quantities import LIGHT, TEMPERATURE
from sensors.serial_board import SerialConfig

FORM: TypeAdapter[Simulate | EaseTo | Hold] = TypeAdapter(Fallback)


def test_the_three_forms_of_a_show_file() -> None:
    assert FORM.validate_python({"simulate": "gallery-day"}) == Simulate(simulate="gallery-day")
    assert FORM.validate_python({"hold": True}) == Hold()
    eased = FORM.validate_python({"ease_to": {"temperature": 21, "light": 200}, "over": "30s"})
    assert eased == EaseTo(ease_to={"temperature": 21.0, "light": 200.0}, over=30.0)
    assert eased.describe() == "eases to temperature 21, light 200"


@pytest.mark.parametrize("written", [{}, {"hod": True}, "hold", 3, None, []])
def test_anything_else_is_refused_with_the_forms(written: object) -> None:
    with pytest.raises(ValidationError, match=r"expected \{simulate: gallery-day\}, \{ease_to: .*\} or \{hold: true\}"):
        FORM.validate_python(written)


@pytest.mark.parametrize(
    "written",
    [
        {"hold": False},
        {"hold": True, "over": "3s"},
        {"simulate": "beach-day"},
        {"ease_to": {}},
        {"ease_to": {"light": float("nan")}},
        {"ease_to": {"light": 1}, "over": "soon"},
    ],
)
def test_a_wrong_key_or_value_within_a_form_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        FORM.validate_python(written)


@pytest.mark.parametrize(("goal", "told"), [("humidity", "does not measure"), ("light", "is no value of it")])
def test_easing_to_what_a_sensor_cannot_say_is_refused(goal: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SerialConfig.model_validate({"type": "serial", "port": "/dev/x", "if_lost": {"ease_to": {goal: -5}}})


def test_hold_keeps_the_last_value_or_the_neutral_one() -> None:
    assert Hold().value(TEMPERATURE, 24.5, since=100, now=500) == 24.5
    assert Hold().value(TEMPERATURE, None, since=100, now=500) == TEMPERATURE.neutral


def test_ease_goes_all_the_way_once_and_holds_what_it_does_not_name() -> None:
    ease = EaseTo(ease_to={"temperature": 21}, over=30)
    way = [ease.value(TEMPERATURE, 27, since=seconds, now=seconds) for seconds in range(31)]
    assert way[0] == 27
    assert way[30] == 21
    assert all(a >= b for a, b in pairwise(way))
    assert ease.value(TEMPERATURE, 27, since=1000, now=1000) == 21
    assert ease.value(LIGHT, 40, since=1000, now=1000) == 40
    assert EaseTo(ease_to={"light": 9}, over=0).value(LIGHT, 40, since=0, now=0) == 9


def test_simulation_takes_over_gently_and_is_the_same_day_as_the_simulated_sensor() -> None:
    simulate = Simulate(simulate="gallery-day", seed=5)
    day = GalleryDay(5)
    assert simulate.value(LIGHT, 1500, since=0, now=70) == 1500
    assert simulate.value(LIGHT, 1500, since=2, now=72) == day.value(LIGHT, 72)
    assert simulate.value(LIGHT, None, since=0, now=70) == day.value(LIGHT, 70)
    assert simulate.quality is Quality.SIMULATED


def test_an_unnamed_channel_gets_a_simulation_too() -> None:
    channel = Channel("humidity", "%", 0, 100, neutral=45)
    assert 0 <= Simulate(simulate="gallery-day").value(channel, None, since=0, now=3) <= 100


def test_an_editor_is_told_of_the_forms() -> None:
    class Show(BaseModel):
        if_lost: Fallback | None = None

    assert set(Show.model_json_schema()["$defs"]) == {"Simulate", "EaseTo", "Hold"}

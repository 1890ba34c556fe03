import pytest
from pydantic import BaseModel, ValidationError

from sensors.units import Seconds


class Timed(BaseModel):
    after: Seconds


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("80ms", 0.08),
        ("2s", 2.0),
        ("30 s", 30.0),
        ("5min", 300.0),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        (3, 3.0),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_with_its_unit(written: object, seconds: float) -> None:
    assert Timed.model_validate({"after": written}).after == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written", ["", "80", "fast", "-2s", "2 weeks", "1e3s", "5m in", -1, True, None, [], float("nan")]
)
def test_anything_else_is_refused_with_examples(written: object) -> None:
    with pytest.raises(ValidationError, match=r"is no duration; write it like 80ms, 2s, 30s or 5min"):
        Timed.model_validate({"after": written})


def test_an_editor_is_told_of_both_forms() -> None:
    forms = Timed.model_json_schema()["properties"]["after"]["anyOf"]
    assert [form["type"] for form in forms] == ["number", "string"]

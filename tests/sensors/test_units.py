import pytest
from pydantic import BaseModel, ValidationError

from sensors.units import Bytes, Seconds

NINES = "9" * 5000
HUGE = 10**400  # larger than any float


class Timed(BaseModel):
    after: Seconds


class Sized(BaseModel):
    most: Bytes


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
    "written",
    ["", "80", "fast", "-2s", "2 weeks", "1e3s", "5m in", -1, True, None, [], float("nan"), f"{NINES}h", HUGE],
)
def test_anything_else_is_refused_with_examples(written: object) -> None:
    with pytest.raises(ValidationError, match=r"expected a duration, such as 80ms, 2s, 5min or 1h"):
        Timed.model_validate({"after": written})


@pytest.mark.parametrize(("written", "size"), [("5GB", 5 * 10**9), ("1.5 MB", 1_500_000), ("0B", 0), (12, 12)])
def test_a_size_is_read_with_its_unit(written: object, size: int) -> None:
    assert Sized.model_validate({"most": written}).most == size


@pytest.mark.parametrize("written", ["", "5", "0x10", "-5GB", "5 GiB", -1, 1.5, True, None, f"{NINES}GB", HUGE])
def test_what_is_no_size_is_refused_with_examples(written: object) -> None:
    with pytest.raises(ValidationError, match=r"expected a size, such as 500MB or 5GB"):
        Sized.model_validate({"most": written})


def test_an_editor_is_told_of_both_forms() -> None:
    forms = Timed.model_json_schema()["properties"]["after"]["anyOf"]
    assert [form["type"] for form in forms] == ["number", "string"]

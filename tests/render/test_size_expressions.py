"""Size expressions: arithmetic, and nothing but arithmetic."""

import pytest

from engine.render.expressions import ExpressionError, parse

VALUES = {"WIDTH": 641.0, "HEIGHT": 360.0, "blur": 0.5}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("floor($WIDTH/2.0)", 320),
        ("max($HEIGHT*$blur, 3)", 180),
        ("-2+3*(4-1)%5", 2),
        ("min((0.5),1.0)", 0.5),
        ("7-2-1", 4),
        (" pow( 2 , 3 ) ", 8),
        ("--3", 3),
        ("1e2", 100),
    ],
)
def test_arithmetic(text: str, expected: float) -> None:
    assert parse(text)(VALUES) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "ends too early"),
        ("$WIDTH/", "ends too early"),
        ("(1", "ends too early"),
        ("1 2", "'2' too many"),
        ("__import__('os')", "no size expression may hold"),
        ("eval(1)", "'eval'"),
        ("max(1", "ends too early"),
        ("(" * 40 + "1" + ")" * 40, "nested"),
        ("1+" * 200 + "1", "characters"),
    ],
)
def test_what_is_no_expression(text: str, word: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert word in str(caught.value)


@pytest.mark.parametrize("text", ["$nothing", "1/0", "5%0", "pow(1e300,9)", "pow(0-1,.5)", "max(1)", "sqrt(0-1)"])
def test_what_has_no_value(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)(VALUES)

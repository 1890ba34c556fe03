"""The parameter tree: nothing out of range, not finite or of a wrong type ever gets in."""

import math

import pytest

from engine.params import Parameter, ParameterError, ParameterTree

SPEED = Parameter("/walk/speed", "float", 0.5, 0.0, 2.0, unit="1/s")
FIT = Parameter("/picture/fit", "choice", "cover", choices=("cover", "contain"))
TINT = Parameter("/passes/grade/tint", "colour", (0.0, 0.0, 0.0, 1.0), 0.0, 1.0)
BLINK = Parameter("/walk/jump", "trigger", False)
STEPS = Parameter("/walk/steps", "int", 3, 0, 8)


def tree() -> ParameterTree:
    return ParameterTree([SPEED, FIT, TINT, BLINK, STEPS])


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf, 10**400, "0.3", None, True, [0.3]])
def test_a_number_refuses_what_is_no_finite_number(raw: object) -> None:
    parameters = tree()
    with pytest.raises(ParameterError, match="/walk/speed"):
        parameters.set("/walk/speed", raw)
    assert parameters.value("/walk/speed") == 0.5


def test_live_values_are_clamped_and_show_values_refused() -> None:
    parameters = tree()
    assert parameters.set("/walk/speed", 7) == 2.0
    with pytest.raises(ParameterError, match="from 0 to 2"):
        parameters.set("/walk/speed", 7, clamp=False)


@pytest.mark.parametrize(
    ("address", "raw", "stored"),
    [
        ("/picture/fit", "contain", "contain"),
        ("/passes/grade/tint", [2, 0.5, 0, 1], (1.0, 0.5, 0.0, 1.0)),
        ("/walk/jump", 1, True),
        ("/walk/steps", 2.6, 3),
    ],
)
def test_each_type_stores_its_own_kind(address: str, raw: object, stored: object) -> None:
    parameters = tree()
    assert parameters.set(address, raw) == stored
    assert type(parameters.value(address)) is type(stored)


@pytest.mark.parametrize(
    ("address", "raw"),
    [("/picture/fit", "stretch"), ("/passes/grade/tint", [1, 1, 1]), ("/passes/grade/tint", "red"), ("/walk/jump", 2)],
)
def test_wrong_types_are_refused(address: str, raw: object) -> None:
    with pytest.raises(ParameterError, match=address):
        tree().set(address, raw)


def test_effective_is_the_artists_value_plus_modulation_within_the_range() -> None:
    parameters = tree()
    parameters.set("/walk/speed", 1.5)
    parameters.modulate({"/walk/speed": 0.25, "/walk/steps": 1.6})
    assert parameters.effective("/walk/speed") == 1.75
    assert parameters.effective("/walk/steps") == 5
    assert parameters.value("/walk/speed") == 1.5
    parameters.modulate({"/walk/speed": 9.0})
    assert parameters.effective("/walk/speed") == 2.0
    assert parameters.effective("/walk/steps") == 3
    parameters.modulate({"/walk/speed": math.nan})
    assert parameters.effective("/walk/speed") == 1.5


def test_modulation_of_what_an_edit_took_away_is_passed_over() -> None:
    parameters = tree()
    parameters.modulate({"/passes/gone/x": 1.0, "/walk/speed": 0.25})
    assert parameters.effective("/walk/speed") == 0.75


def test_a_trigger_is_true_for_one_frame() -> None:
    parameters = tree()
    parameters.set("/walk/jump", True)
    assert parameters.effective("/walk/jump") is True
    parameters.release_triggers()
    assert parameters.effective("/walk/jump") is False


def test_replacing_a_branch_keeps_values_that_still_fit() -> None:
    parameters = ParameterTree(
        [Parameter("/passes/a/x", "float", 0.0, 0, 1), Parameter("/passes/a/y", "float", 0.0, 0, 1), SPEED]
    )
    parameters.set("/passes/a/x", 0.75)
    before = parameters.revision
    parameters.replace(
        "/passes/a", [Parameter("/passes/a/x", "float", 0.0, 0, 0.5), Parameter("/passes/a/z", "bool", True)]
    )
    assert parameters.value("/passes/a/x") == 0.5
    assert "/passes/a/y" not in parameters
    assert parameters.value("/walk/speed") == 0.5
    assert parameters.revision > before


def test_declarations_are_checked() -> None:
    parameters = tree()
    with pytest.raises(ParameterError, match="declared twice"):
        parameters.declare(SPEED)
    with pytest.raises(ParameterError, match="from 0 to 1"):
        Parameter("/a/b", "float", 3.0, 0.0, 1.0)
    with pytest.raises(ParameterError, match="no parameter address"):
        Parameter("walk speed", "float", 0.0)
    with pytest.raises(ParameterError, match="no parameter /nope"):
        parameters.set("/nope", 1)


def test_a_snapshot_does_not_change_afterwards() -> None:
    parameters = tree()
    snapshot = parameters.snapshot()
    parameters.set("/walk/speed", 1.0)
    assert snapshot.values["/walk/speed"] == 0.5

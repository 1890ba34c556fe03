"""What tries to flash is found: each sequence has its verdict where no limiter stands in the way."""

import pytest

from engine.flashes.analyser import judge
from engine.flashes.geometry import of_screen
from engine.flashes.report import Verdict
from tests.flashes.patterns import HEIGHT, WIDTH
from tests.flashes.sequences import ALL, SELECTED, Sequence


def by_name(sequence: Sequence) -> str:
    return sequence.name


def check(sequence: Sequence) -> None:
    report = judge(sequence.frames(), of_screen(WIDTH, HEIGHT))
    assert report.verdict is sequence.verdict, report.most


@pytest.mark.parametrize("sequence", SELECTED, ids=by_name)
def test_a_selected_sequence_has_its_verdict(sequence: Sequence) -> None:
    check(sequence)


@pytest.mark.safety
@pytest.mark.parametrize("sequence", ALL, ids=by_name)
def test_every_sequence_has_its_verdict(sequence: Sequence) -> None:
    check(sequence)


def test_there_are_as_many_as_are_promised() -> None:
    assert sum(sequence.verdict is not Verdict.PASS for sequence in ALL) >= 400
    assert len({sequence.name for sequence in ALL}) == len(ALL)
    assert len(set(SELECTED)) == 40

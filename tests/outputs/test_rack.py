"""An output may fail in any way: it is tried again, and frames go on everywhere else."""

from itertools import pairwise

import moderngl
import pytest
from structlog.testing import capture_logs

from engine.outputs.base import Canvas, OutputError
from engine.outputs.rack import FIRST_PAUSE, LONGEST_PAUSE, SETTLED, OutputRack
from engine.outputs.stub import StubConfig, StubOutput
from engine.render.context import GLContext

CANVAS = Canvas(64, 36, 10)


class Flaky(StubOutput):
    """Fails as long as it has something to fail with."""

    def __init__(self) -> None:
        super().__init__(StubConfig())
        self.failing: Exception | None = None
        self.failing_to_open: Exception | None = None
        self.complaint = ""
        self.opened = self.confirmed = 0
        self.failing_to_confirm: Exception | None = None

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        self.opened += 1
        if self.failing_to_open is not None:
            raise self.failing_to_open

    def confirm(self) -> None:
        self.confirmed += 1
        if self.failing_to_confirm is not None:
            raise self.failing_to_confirm

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        if self.failing is not None:
            raise self.failing
        super().present(texture, frame_index, time)

    def close(self) -> None:
        if self.failing is not None:
            raise OSError("nor can it be closed")

    @property
    def problem(self) -> str:
        return self.complaint


class Time:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OutputError("the cable is out"), "the cable is out"),
        (PermissionError(13, "Permission denied", "/films"), "PermissionError: [Errno 13] Permission denied: '/films'"),
        (ValueError("of a plug-in"), "ValueError: of a plug-in"),
    ],
)
@pytest.mark.parametrize("where", ["open", "present"])
def test_whatever_an_output_raises_is_told_and_tried_again(
    gl: GLContext, picture: moderngl.Texture, error: Exception, said: str, where: str
) -> None:
    flaky, steady, time = Flaky(), StubOutput(StubConfig()), Time()
    rack = OutputRack([("flaky", flaky), ("steady", steady)], gl, CANVAS, time)
    rack.open()
    flaky.failing = OutputError("at first") if where == "open" else error
    rack.present(picture, 0, 0.0)
    if where == "open":
        flaky.failing, flaky.failing_to_open = None, error
        time.now += FIRST_PAUSE + 0.01
        rack.present(picture, 1, 0.0)
    assert rack.problems == {"flaky": said}
    assert steady.frames == (2 if where == "open" else 1)
    rack.close()


def test_an_output_is_back_once_it_has_gone_on_for_a_while(gl: GLContext, picture: moderngl.Texture) -> None:
    flaky, time = Flaky(), Time()
    rack = OutputRack([("flaky", flaky)], gl, CANVAS, time)
    rack.open()
    with capture_logs() as said:
        for _ in range(3):  # it opens each time, and fails with the second frame
            flaky.failing = None
            time.now += LONGEST_PAUSE
            rack.present(picture, 0, 0.0)
            flaky.failing = OutputError("the disk is full")
            rack.present(picture, 1, 0.0)
        assert rack.problems == {"flaky": "the disk is full"}
        flaky.failing = None
        time.now += LONGEST_PAUSE
        rack.present(picture, 2, 0.0)
        assert rack.problems == {"flaky": "the disk is full"}
        time.now += SETTLED
        rack.present(picture, 3, 0.0)
        assert rack.problems == {}
    assert [line["event"] for line in said] == ["output lost", "output did not close well", "output is back"]


def test_pauses_grow_and_do_not_hang_on_picture_time(gl: GLContext, picture: moderngl.Texture) -> None:
    flaky, time = Flaky(), Time()
    rack = OutputRack([("flaky", flaky)], gl, CANVAS, time)
    rack.open()
    flaky.failing = OutputError("the cable is out")
    tries = []
    for _ in range(360):
        before = flaky.opened
        rack.present(picture, 0, 0.0)  # picture time stands still
        if flaky.opened > before:
            tries.append(time.now)
        time.now += 0.25
    gaps = [b - a for a, b in pairwise(tries)]
    assert gaps == [2.0, 4.0, 8.0, 16.0, 30.0]


def test_two_of_one_type_are_two_entries_and_complaints_are_told_too(gl: GLContext, picture: moderngl.Texture) -> None:
    first, second = Flaky(), Flaky()
    rack = OutputRack([("recording", first), ("stub", StubOutput(StubConfig())), ("recording", second)], gl, CANVAS)
    rack.open()
    first.failing = OutputError("the disk is full")
    second.complaint = "frames are left out"
    rack.present(picture, 0, 0.0)
    assert rack.problems == {"recording": "the disk is full", "recording-2": "frames are left out"}
    second.failing = OutputError("the disk is full")
    rack.present(picture, 1, 0.0)
    assert rack.problems["recording-2"] == "the disk is full"


def test_at_the_start_every_failure_is_a_sentence(gl: GLContext) -> None:
    flaky = Flaky()
    flaky.failing_to_open = PermissionError(13, "Permission denied", "/films")
    with pytest.raises(OutputError, match=r"output flaky: cannot be opened \(PermissionError.*/films"):
        OutputRack([("flaky", flaky)], gl, CANVAS).open()


def test_at_the_start_what_an_output_finds_out_late_is_waited_for(gl: GLContext) -> None:
    flaky = Flaky()
    flaky.failing_to_confirm = OutputError("the disk does not answer")
    with pytest.raises(OutputError, match="the disk does not answer"):
        OutputRack([("flaky", flaky)], gl, CANVAS).open()


@pytest.mark.parametrize("error", [OutputError("the cable is out"), ValueError("the cable is out")])
def test_where_it_has_worked_before_nothing_is_waited_for_and_what_fails_is_tried_again(
    gl: GLContext, picture: moderngl.Texture, error: Exception
) -> None:
    flaky, steady, time = Flaky(), StubOutput(StubConfig()), Time()
    flaky.failing_to_open = error
    rack = OutputRack([("flaky", flaky), ("steady", steady)], gl, CANVAS, time)
    with capture_logs() as said:
        rack.open(patient=True)
        rack.present(picture, 0, 0.0)
        assert "the cable is out" in rack.problems["flaky"]
        assert (flaky.opened, flaky.frames, steady.frames) == (1, 0, 1)
        flaky.failing_to_open = None
        time.now += FIRST_PAUSE + 0.01
        rack.present(picture, 1, 0.0)
        assert (flaky.opened, flaky.frames, steady.frames) == (2, 1, 2)
        time.now += SETTLED
        rack.present(picture, 2, 0.0)
    assert rack.problems == {}
    assert flaky.confirmed == 0
    assert [line["event"] for line in said] == ["output lost", "output is back"]

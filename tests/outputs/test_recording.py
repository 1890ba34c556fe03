"""A recording: whole, upright, in segments, under names that take nobody's place."""

import re
import time
from contextlib import nullcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import moderngl
import pytest

from engine.outputs.base import Canvas, OutputError
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.encoding import even
from engine.outputs.video.names import GivenName
from engine.render.context import GLContext
from tests.outputs.films import FPS, Film, begin, is_ordinary, is_the_film

DATED = r"day-\d{4}-\d\d-\d\d-\d{6}-%03d\.mp4"


def record(output: RecordingOutput, gl: GLContext, count: int, first: int = 0) -> None:
    film = Film(gl)
    begin(output, gl)
    for i in range(first, first + count):
        output.present(film.frame(i), i, i / FPS)
    output.close()


def given(path: Path, *, overwrite: bool = False) -> RecordingOutput:
    """One file of exactly that name, as `reverie record` makes it."""
    return RecordingOutput(RecordingConfig(path=path), exact=True, naming=GivenName(path, overwrite=overwrite))


def test_a_recording_is_whole_upright_and_as_long_as_shown(
    gl: GLContext, picture: moderngl.Texture, tmp_path: Path
) -> None:
    path = tmp_path / "day.mp4"
    output = given(path)
    begin(output, gl)
    for i in range(15):
        output.present(picture, i, i / FPS)
    assert not path.exists()
    output.close()
    assert output.kept == path
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        frames = list(video.decode(video=0))
        assert float(stream.duration * stream.time_base) == pytest.approx(1.5)
    assert [frame.time for frame in frames] == pytest.approx([i / FPS for i in range(15)])
    pixels = frames[7].to_ndarray(format="rgb24")
    assert pixels[4, 32, 0] > 200
    assert pixels[-4, 32, 2] > 200
    assert is_ordinary(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_frame_comes_each_second(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    record(given(path), gl, 4 * FPS)
    with av.open(str(path)) as video:
        keys = [packet.pts * packet.time_base for packet in video.demux(video=0) if packet.is_keyframe]
    assert all(b - a <= 1 for a, b in pairwise(keys))
    assert keys[0] == 0
    assert len(keys) >= 4


def test_a_show_s_recording_has_date_time_and_number_in_its_name(gl: GLContext, tmp_path: Path) -> None:
    for _ in range(2):  # within one second, most likely: the second one takes nothing from the first
        record(RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"), exact=True), gl, 7)
    first, second = sorted(tmp_path.iterdir())
    assert re.fullmatch(DATED.replace("%03d", r"\d{3}"), first.name)
    assert is_the_film(first, 0, 7)
    assert is_the_film(second, 0, 7)


def test_segments_follow_each_other_without_a_gap(gl: GLContext, tmp_path: Path) -> None:
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4", segment=1.0), exact=True)
    film = Film(gl)
    begin(output, gl)
    for i in range(25):
        output.present(film.frame(i), i, i / FPS)
    output.close()
    files = sorted(tmp_path.iterdir())
    assert [bool(re.fullmatch(DATED % (i + 1), path.name)) for i, path in enumerate(files)] == [True] * 3
    assert all(is_ordinary(path) for path in files)
    assert is_the_film(files[0], 0, 10)
    assert is_the_film(files[1], 10, 10)
    assert is_the_film(files[2], 20, 5)


def test_a_given_name_is_kept_exactly_and_later_files_are_numbered(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    output = RecordingOutput(RecordingConfig(path=path, segment=1.0), exact=True, naming=GivenName(path))
    film = Film(gl)
    begin(output, gl)
    for i in range(12):
        output.present(film.frame(i), i, i / FPS)
    output.close()
    assert sorted(tmp_path.iterdir()) == [tmp_path / "day-002.mp4", path]
    assert is_the_film(path, 0, 10)
    assert is_the_film(tmp_path / "day-002.mp4", 10, 2)


def test_an_existing_file_is_refused_unless_it_may_be_replaced(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    path.write_bytes(b"somebody's")
    with pytest.raises(OutputError, match=r"day\.mp4: exists already; choose another name, or add --overwrite"):
        begin(given(path), gl)
    assert path.read_bytes() == b"somebody's"
    record(given(path, overwrite=True), gl, 8)
    assert is_the_film(path, 0, 8)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_comes_meanwhile_is_not_replaced(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    output = given(path)
    film = Film(gl)
    begin(output, gl)
    output.present(film.frame(0), 0, 0.0)
    path.write_bytes(b"somebody's")
    output.close()
    assert path.read_bytes() == b"somebody's"
    assert output.kept == tmp_path / "day-002.mp4"


def test_a_recording_to_nowhere_is_one_sentence(gl: GLContext, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in ("/proc/no/day.mp4", "/proc/day.mp4", str(tmp_path / "file" / "day.mp4")):
        with pytest.raises(OutputError, match=r"day\.mp4: cannot be written \(.+\); free space or choose another"):
            begin(RecordingOutput(RecordingConfig(path=Path(path))), gl)
    for path in (str(tmp_path / "day.avi"), tmp_path):
        with pytest.raises(OutputError, match=r"an \.mp4 file"):
            begin(RecordingOutput(RecordingConfig(path=Path(path))), gl)


@pytest.mark.parametrize(
    ("width", "height", "taken"),
    [
        (16384, 16128, True),
        (16384, 16130, False),
        (16254, 16254, True),
        (16256, 16256, False),
        (16386, 64, False),
        (2, 2, True),
    ],
)
def test_the_encoder_takes_every_size_that_is_not_refused(width: int, height: int, taken: bool) -> None:
    """Opened only, since frames of such sizes take gigabytes."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.options = Fraction(1, 30), {"preset": "veryfast"}
    with nullcontext() if taken else pytest.raises(av.FFmpegError):
        encoder.open()
    with nullcontext() if taken else pytest.raises(OutputError, match=f"a canvas of {width}×{height} is too large"):
        assert even(Canvas(width, height, 30)) == (width, height)


def test_what_the_encoder_has_against_a_size_is_one_sentence(
    gl: GLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.outputs.recording.even", lambda canvas: (65, 35))  # odd
    said = r"^\S+day\.mp4: the encoder failed \(\w+: [\w ]+\); try another size$"
    with pytest.raises(OutputError, match=said):
        begin(given(tmp_path / "day.mp4"), gl)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_without_frames_leaves_nothing_and_says_nothing(gl: GLContext, tmp_path: Path) -> None:
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    begin(output, gl)
    output.close()
    assert list(tmp_path.iterdir()) == []


def test_frames_left_out_are_a_problem_for_a_while(gl: GLContext, tmp_path: Path) -> None:
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    film = Film(gl)
    begin(output, gl)
    assert output.problem == ""
    assert output._recorder is not None
    index = 0
    while not output.dropped:  # frames come faster than any encoder takes them
        output.present(film.texture, index, index / 1000)
        index += 1
    assert "frames are left out" in output.problem
    while output._recorder.full:
        time.sleep(0.01)
    output.present(film.texture, index, index / 1000 + 60)
    assert output.problem == ""
    output.close()
    assert output.kept is not None


@pytest.mark.parametrize("bad", ["5 GiB", "lots", -1, True, 1.5])
def test_sizes_are_written_with_a_unit(bad: object) -> None:
    assert RecordingConfig.model_validate({"path": "x.mp4", "keep_bytes": "5GB"}).keep_bytes == 5 * 10**9
    assert RecordingConfig.model_validate({"path": "x.mp4", "keep_bytes": "1.5 MB"}).keep_bytes == 1_500_000
    with pytest.raises(ValueError, match="500MB or 5GB"):
        RecordingConfig.model_validate({"path": "x.mp4", "keep_bytes": bad})

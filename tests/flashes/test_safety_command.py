"""`reverie safety`: a verdict and a page for any recording, or one sentence."""

import json
from pathlib import Path

import av
import numpy as np
import pytest

from engine.flashes.video import opened
from tests.commands import refused, reverie, said
from tests.flashes.patterns import BLACK, WHITE, Frame, half, painted, solid, texture
from tests.flashes.sequences import Film, between, film
from tests.flashes.writing import write

PQ, HLG = 16, 18
STROBE = between(solid(BLACK), solid(WHITE), 5)


def calm(seconds: float) -> Film:
    picture = texture(1, 40, 200)
    return film(30, seconds, lambda time: np.roll(picture, round(8 * time), axis=1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.mp4"


def figures(*arguments: object) -> dict[str, object]:
    """What it says as JSON, with its exit code."""
    done = reverie("safety", *arguments, "--json")
    assert done.returncode in (0, 1), done.stderr
    return {**json.loads(done.stdout), "code": done.returncode}


def test_a_calm_recording_passes_and_has_its_page(path: Path) -> None:
    printed = said("safety", write(path, calm(1.5)))
    assert "passes" in printed
    assert "45 frames" in printed
    page = path.with_name("day.safety.html").read_text()
    assert "Passes" in page
    assert "certified" not in page + printed


def test_halves_in_antiphase_fail(path: Path, tmp_path: Path) -> None:
    write(path, film(30, 2, between(painted(half("columns")), painted(~half("columns")), 5)))
    found = figures(path, "--page", tmp_path / "pages" / "look.html")
    assert (found["code"], found["verdict"], found["general_flashes_per_s"]) == (1, "fail", 5)
    assert found["first_exceeded_s"] == pytest.approx(0.7, abs=0.05)
    assert (tmp_path / "pages" / "look.html").exists()
    assert "flashes too often, first at 0:00.7" in reverie("safety", path).stdout


def test_red_is_red_also_in_a_video(path: Path) -> None:
    found = figures(write(path, film(30, 1.5, between(solid((255, 0, 0)), solid((0, 149, 0)), 5))))
    assert (found["general_flashes_per_s"], found["red_flashes_per_s"]) == (0, 5)


def test_flashes_that_go_on_fail_too(path: Path) -> None:
    write(path, film(24, 7, between(solid(BLACK), solid(WHITE), 2.5)))
    found = figures(path)
    assert (found["code"], found["verdict"]) == (1, "extended")
    assert "flashes for too long" in reverie("safety", path).stdout


def test_the_wall_and_its_light_count(path: Path) -> None:
    write(path, film(30, 1.5, between(solid((120, 120, 120)), solid((135, 135, 135)), 5)))
    assert figures(path)["verdict"] == "pass"
    found = figures(path, "--wall", "4x2.25@2", "--nits", 600)
    assert (found["verdict"], found["wall"], found["peak_nits"]) == ("fail", [4, 2.25, 2], 600)


@pytest.mark.parametrize("wall", ["4x2@0", "4x2", "4@2", "ax2@2", "4x2@2m", "-4x2@2", "4x201@2", ""])
def test_a_wall_that_is_none_is_refused(path: Path, wall: str) -> None:
    assert "give WIDTHxHEIGHT@DISTANCE in metres" in refused("safety", path, "--wall", wall)


def test_a_page_that_cannot_be_is_refused_before_anything_is_judged(path: Path) -> None:
    assert "look.txt: a page needs the name of an .html file" in refused("safety", path, "--page", "look.txt")
    assert "/proc/look.html: cannot be written" in refused("safety", path, "--page", "/proc/look.html")


def test_frames_at_uneven_times_are_judged_by_their_times(path: Path) -> None:
    """The same pictures flash 5 times a second or once, as they are shown."""
    chance = np.random.default_rng(0)
    times = np.cumsum(chance.uniform(0.06, 0.14, 40))
    pictures: list[Frame] = [solid(WHITE if index % 2 else BLACK) for index in range(40)]
    assert figures(write(path, zip(pictures, times, strict=True)))["verdict"] == "fail"
    slow = figures(write(path, zip(pictures[:12], times[:12] * 5, strict=True)))
    assert (slow["verdict"], slow["frames"]) == ("pass", 12)


def test_a_4k_recording_is_judged(path: Path) -> None:
    frames = ((np.full((2160, 3840, 3), 255 if index % 2 else 0, np.uint8), index / 20) for index in range(9))
    found = figures(write(path, frames))
    assert (found["verdict"], found["size"]) == ("fail", [3840, 2160])


@pytest.mark.parametrize(("transfer", "name"), [(PQ, "PQ"), (HLG, "HLG")])
def test_hdr_is_refused(path: Path, transfer: int, name: str) -> None:
    assert f"day.mp4: is HDR ({name})" in refused("safety", write(path, calm(0.2), transfer))


def test_one_frame_is_no_recording(path: Path) -> None:
    assert "day.mp4: has one frame only" in refused("safety", write(path, calm(1 / 30)))


def test_sound_alone_is_refused(path: Path) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=48_000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate = 48_000
        file.mux(stream.encode(sound))
        file.mux(stream.encode())
    assert "day.mp4: has no video in it" in refused("safety", path)


@pytest.mark.parametrize(
    ("content", "said_of_it"),
    [
        (b"", "is not a video"),
        (b"hello " * 1000, "is not a video"),
        (b"#EXTM3U\n#EXTINF:5,\nday-1.mp4\n#EXT-X-ENDLIST\n", "is not a video"),
        (b"ffconcat version 1.0\nfile day-1.mp4\n", "is not a video"),
    ],
    ids=["empty", "text", "playlist", "concat"],
)
def test_what_is_no_video_is_refused(path: Path, content: bytes, said_of_it: str) -> None:
    write(path.with_name("day-1.mp4"), calm(0.2))
    path.write_bytes(content)
    assert f"day.mp4: {said_of_it}" in refused("safety", path)


def test_what_is_no_file_is_refused(path: Path) -> None:
    assert "day.mp4: cannot be read (No such file" in refused("safety", path)
    path.mkdir()
    assert "day.mp4: cannot be read" in refused("safety", path)
    assert ".: cannot be read" in refused("safety", ".")


def test_what_lacks_its_index_is_refused(path: Path) -> None:
    write(path, calm(1))
    path.write_bytes(path.read_bytes()[:-1000])
    assert "is not a video, or is cut short" in refused("safety", path)


def test_what_no_decoder_is_for_is_refused(path: Path) -> None:
    write(path, calm(0.2))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    assert "day.mp4: has video in a format that FFmpeg does not know" in refused("safety", path)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_damaged_gives_a_verdict_or_a_sentence(path: Path, seed: int) -> None:
    chance = np.random.default_rng(seed)
    data = bytearray(write(path, calm(0.5)).read_bytes())
    for place in chance.integers(0, len(data), 3 * 10 ** (seed % 3)):
        data[place] = chance.integers(0, 256)
    path.write_bytes(data)
    done = reverie("safety", path)
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stdout + done.stderr


def cut(path: Path) -> None:
    """Lose the last third."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def test_a_recording_cut_short_fails_if_it_did_before(path: Path) -> None:
    noisy = film(30, 5, lambda time: STROBE(time) // 2 + texture(round(30 * time), 0, 60))
    cut(write(path, noisy, movflags="faststart"))
    done = reverie("safety", path)
    assert done.returncode == 1
    assert "nothing can be read after 0:0" in done.stdout
    assert "what follows is not judged" in path.with_name("day.safety.html").read_text()


def test_a_recording_cut_short_cannot_pass(path: Path) -> None:
    cut(write(path, calm(5), movflags="faststart"))
    sentence = refused("safety", path)
    assert "day.mp4: is cut short or damaged" in sentence
    assert "up to there it passes" in sentence
    assert not path.with_name("day.safety.html").exists()


def test_a_recording_in_fragments_is_judged_as_far_as_it_goes(path: Path) -> None:
    """What a power cut leaves of a recording of ours: it does not say how long it should be."""
    cut(write(path, calm(4), movflags="frag_keyframe+empty_moov", frag_duration="500000"))
    found = figures(path)
    assert found["verdict"] == "pass"
    assert 0 < int(str(found["frames"])) < 120


def test_times_of_frames_rise_from_zero(path: Path) -> None:
    write(path, ((solid(BLACK), 3 + index / 25) for index in range(25)))
    with opened(path) as video:
        times = [time for _, time in video.frames()]
    assert times == pytest.approx([index / 25 for index in range(25)], abs=1e-3)

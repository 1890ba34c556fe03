"""What a show that follows a registry begins with, and what may come after."""

from dataclasses import replace
from pathlib import Path

import av
import pytest
from feeding import save_tiny, tiny

from engine.app import check_show, record_show
from engine.build import load
from engine.errors import ReverieError
from engine.feed import choose, follow
from engine.network import network_parameters
from engine.show.feed import FeedPart
from engine.show.loader import LoadedShow
from engine.stage import Act
from engine.walk.base import DrawingMapping
from engine.walk.passage import Passage
from models.checkpoint import save
from models.feed.registry import Registry
from models.manifest import sha256
from models.stylegan3 import Generator as StyleGAN3

SHOW = """\
reverie: 1
canvas: {width: 160, height: 90, fps: 10}
model: {registry: feed, follow: latest, every: 200ms, fade: 1min}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "reverie" / "feed"


def show(tmp_path: Path, more: str = "", text: str = SHOW) -> LoadedShow:
    path = tmp_path / "show.yaml"
    path.write_text(text + more)
    return load(path)


def test_a_show_says_what_it_follows(tmp_path: Path) -> None:
    part = show(tmp_path).show.model
    assert part == FeedPart(registry="feed", follow="latest", every=0.2, fade=60)
    short = show(tmp_path, text="reverie: 1\nmodel: {registry: s3://museum/feed}\n").show.model
    assert isinstance(short, FeedPart)
    assert short.follow == "approved"


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("{registry: feed, follow: newest}", "3: model.follow: input should be 'approved' or 'latest', not 'newest'"),
        ("{follow: latest}", "3: model.registry: is missing"),
        ("{registry: feed, every: 0}", "3: model.every: input should be greater than or equal to 0.1"),
        ("{registry: feed, folow: latest}", "3: model.folow: is not a key here"),
        ("[feed]", "3: model: "),
        ("7", "3: model: "),
        ("''", "3: model: "),
    ],
)
def test_a_mistake_names_line_and_key(tmp_path: Path, model: str, complaint: str) -> None:
    text = f"reverie: 1\ntitle: Test\nmodel: {model}\n"
    with pytest.raises(ReverieError) as caught:
        show(tmp_path, text=text)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_nobody_understands_names_the_line(tmp_path: Path) -> None:
    loaded = show(tmp_path, text="reverie: 1\nmodel: {registry: 'moon://base'}\n")
    with pytest.raises(ReverieError, match=r"show.yaml:2: model.registry: moon://base: cannot be reached"):
        choose(loaded)


def test_where_nothing_is_there_yet_the_built_in_one_stands_in(tmp_path: Path) -> None:
    choice = choose(show(tmp_path))
    assert (choice.loaded.model, choice.entry) == (choice.name, None)
    assert choice.name.startswith("museum")
    assert choice.note == f"nothing in {tmp_path}/feed can be shown yet (follow: latest)"


def test_the_newest_that_can_be_used_is_chosen(
    tmp_path: Path, checkpoints: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    registry = Registry(tmp_path / "feed")
    for path in checkpoints[:2]:
        registry.add(path, {})
    poor = save_tiny(tmp_path / "poor.safetensors", 5)
    poor.write_bytes(poor.read_bytes()[:-64] + b"\xff" * 64)  # numbers that are none
    registry.add(poor, {})
    choice = choose(show(tmp_path))
    assert (choice.name, choice.note) == ("b", "")
    assert sha256(Path(choice.loaded.model)) == sha256(checkpoints[1])
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("the network poor of")
    assert "not finite" in said


def test_what_the_show_asks_of_its_network_must_be_there(
    tmp_path: Path, checkpoints: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    registry = Registry(tmp_path / "feed")
    registry.add(save_tiny(tmp_path / "large.safetensors", 1, resolution=32), {})
    registry.add(checkpoints[0], {})
    bend = "network: {bend: [{layer: b32.conv1, rotate: 30}]}\n"
    assert choose(show(tmp_path, bend)).name == "large"
    assert "there is no layer b32.conv1" in caplog.text


@pytest.mark.parametrize("lost", ["unreachable", "not mounted"])
def test_without_the_registry_the_last_one_shown_comes_back(tmp_path: Path, checkpoints: list[Path], lost: str) -> None:
    place = tmp_path / "feed"
    entry = Registry(place).add(checkpoints[0], {})
    first = choose(show(tmp_path))
    assert first.feed is not None
    first.feed.remember(entry)
    place.rename(tmp_path / "away")
    if lost == "unreachable":
        place.write_text("the mount is gone")
    again = choose(show(tmp_path))
    assert (again.name, again.entry) == ("a", entry)
    assert str(place) in again.note


def test_one_that_was_retired_meanwhile_does_not_come_back(tmp_path: Path, checkpoints: list[Path]) -> None:
    registry = Registry(tmp_path / "feed")
    entry = registry.add(checkpoints[0], {})
    first = choose(show(tmp_path))
    assert first.feed is not None
    first.feed.remember(entry)
    registry.retire("a")
    assert choose(show(tmp_path)).entry is None


def test_a_show_that_names_its_network_follows_nothing(tmp_path: Path) -> None:
    choice = choose(show(tmp_path, text="reverie: 1\nmodel: museum-128\n"))
    assert (choice.name, choice.loaded.model, choice.note, choice.feed) == ("museum-128", "museum-128", "", None)
    assert follow(choice, 15) is None


def test_a_check_says_what_would_be_shown(tmp_path: Path, checkpoints: list[Path]) -> None:
    path = show(tmp_path).path
    model, nothing = check_show(path)
    assert model.startswith("model museum")
    assert nothing.startswith("nothing in")
    Registry(tmp_path / "feed").add(checkpoints[0], {})
    assert check_show(path) == ["model a: stylegan2"]


def test_a_recording_takes_the_newest(tmp_path: Path) -> None:
    Registry(tmp_path / "feed").add(save_tiny(tmp_path / "red.safetensors", 1, (0.8, -0.8, -0.8)), {})
    record_show(show(tmp_path).path, 2, tmp_path / "red.mp4")
    with av.open(str(tmp_path / "red.mp4")) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    red, green, _ = frames[-1].mean((0, 1))
    assert red > 200 > 50 > green


class Rehearsed:
    """What a follower makes of networks, none of its workers started for long."""

    def __init__(self, loaded: LoadedShow) -> None:
        follower = follow(choose(loaded), 15)
        assert follower is not None
        self._follower = follower

    def of(self, registry: Registry, path: Path) -> Act:
        """Raises RefusedError."""
        act = self._follower._prepare(registry.add(path, {}), path)
        act.close()
        return act


def test_a_larger_network_with_another_z_may_follow_but_not_a_wider_one(
    tmp_path: Path, checkpoints: list[Path]
) -> None:
    registry = Registry(tmp_path / "feed")
    registry.add(checkpoints[0], {})
    rehearsed = Rehearsed(show(tmp_path))
    act = rehearsed.of(registry, save_tiny(tmp_path / "large.safetensors", 3, resolution=32, z_dim=24))
    assert act.name == "large"
    assert act.walk.advance(0.1, lambda address: 0.5).ws.shape == (8, 8)
    wide = tiny(3)
    wide = type(wide)(**{**wide.config.model_dump(), "canvas": (16, 32)})
    save(tmp_path / "wide.safetensors", wide, {})
    with pytest.raises(Exception, match="its pictures are 32×16, the wall shows 16×16"):
        rehearsed.of(registry, tmp_path / "wide.safetensors")


def test_noise_goes_on_turning_in_the_next_network_and_one_without_is_no_worse(
    tmp_path: Path, checkpoints: list[Path]
) -> None:
    """Also where the first has learnt none yet: a training begins that way."""
    registry = Registry(tmp_path / "feed")
    registry.add(checkpoints[0], {})
    loaded = choose(show(tmp_path)).loaded
    assert [p.address for p in network_parameters(loaded)] == ["/network/noise/speed"]
    rehearsed = Rehearsed(show(tmp_path))
    rehearsed.of(registry, checkpoints[1])
    plane = StyleGAN3(32, z_dim=8, w_dim=8, channel_base=128, channel_max=8)
    save(tmp_path / "plane.safetensors", plane, {})
    act = rehearsed.of(registry, tmp_path / "plane.safetensors")
    assert act.name == "plane"


def test_a_walk_that_rests_is_given_the_next_networks_pictures(tmp_path: Path, checkpoints: list[Path]) -> None:
    registry = Registry(tmp_path / "feed")
    registry.add(checkpoints[0], {})
    act = Rehearsed(show(tmp_path, "walk: {type: passage}\n")).of(registry, checkpoints[1])
    assert isinstance(act.walk, Passage)
    assert isinstance(act.walk._mapping, DrawingMapping)


def test_the_files_of_the_cache_are_where_the_show_looks(tmp_path: Path, checkpoints: list[Path], cache: Path) -> None:
    Registry(tmp_path / "feed").add(checkpoints[0], {})
    choice = choose(show(tmp_path))
    assert Path(choice.loaded.model).parent == cache
    assert replace(choice.loaded, model="").show is choice.loaded.show

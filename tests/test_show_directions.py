"""/walk/warmth and its like in a show: there where its network has directions, one sentence where not."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).with_name("feed")))

from feeding import save_tiny, tiny

import models
from engine.app import check_show
from engine.build import load
from engine.directions import Found, build_offset, check_directions, direction_parameters, find_directions
from engine.stage import Act, Moment
from engine.walk.base import Latent, LatentMapping
from engine.walk.mapping import TorchMapping
from engine.walk.registry import walks
from models.explore.direction_file import PALETTE, Directions, directions_path, write_directions
from tests.commands import refused, reverie

SHOW = """\
reverie: 1
title: Weather
canvas: {width: 128, height: 72, fps: 10}
model: own.safetensors
sensors:
  air: {type: simulated}
walk: {type: still}
set: {/walk/warmth: 0.5}
modulation:
  - {from: air.temperature, to: /walk/lightness, in: [18, 26], out: [-1, 1], lag: 2s}
outputs:
  - {type: offscreen}
panel: null
"""
FOLLOWING = SHOW.replace("own.safetensors", "{registry: feed, follow: approved}")
PLAIN = SHOW.partition("set:")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A show and its network, without directions."""
    save_tiny(tmp_path / "own.safetensors")
    (tmp_path / "show.yaml").write_text(SHOW)
    return tmp_path


def learnt(folder: Path, *names: str) -> dict[str, np.ndarray]:
    """Directions beside the network."""
    network = tiny()
    random = np.random.default_rng(3)
    shifts = {n: random.standard_normal((network.num_ws, network.w_dim), dtype=np.float32) for n in names}
    own = folder / "own.safetensors"
    write_directions(directions_path(own), Directions(shifts), own)
    return shifts


def test_a_show_may_name_what_its_network_has(folder: Path) -> None:
    learnt(folder, *PALETTE)
    assert check_show(folder / "show.yaml") == ["model own.safetensors: stylegan2"]


def test_without_directions_the_line_and_the_command_are_named(folder: Path) -> None:
    own = folder / "own.safetensors"
    said = refused("check", folder / "show.yaml")
    assert (
        f"show.yaml:8: set./walk/warmth: /walk/warmth: {own} has no directions; run: reverie explore directions" in said
    )
    assert said.count("\n") == 1
    (folder / "show.yaml").write_text(SHOW.replace("set: {/walk/warmth: 0.5}\n", ""))
    assert "show.yaml:9: modulation.0.to: /walk/lightness: " in refused("run", folder / "show.yaml", "--offscreen")
    (folder / "show.yaml").write_text(PLAIN)
    out = ("record", folder / "show.yaml", "--seconds", 1, "-o", folder / "film.mp4")
    assert "--set /walk/contrast: " in refused(*out, "--set", "/walk/contrast=1")
    assert check_show(folder / "show.yaml") == ["model own.safetensors: stylegan2"]


def test_a_direction_that_could_not_be_learnt_is_named(folder: Path) -> None:
    learnt(folder, "lightness", "contrast")
    assert "/walk/warmth: own.directions.safetensors has none, since" in refused("check", folder / "show.yaml")


def test_directions_of_an_earlier_network_count_as_none(folder: Path) -> None:
    learnt(folder, *PALETTE)
    save_tiny(folder / "own.safetensors", seed=2)
    assert "it belongs to another own.safetensors; run: reverie explore" in refused("check", folder / "show.yaml")
    (folder / "show.yaml").write_text(PLAIN)
    notes = check_show(folder / "show.yaml")
    assert any("it belongs to another own.safetensors" in note for note in notes), "the show runs, and it is said"


def test_a_show_that_follows_a_registry_always_has_the_parameters(folder: Path) -> None:
    (folder / "show.yaml").write_text(FOLLOWING)
    loaded = replace(load(folder / "show.yaml"), model=str(folder / "own.safetensors"))
    assert [p.address for p in direction_parameters(loaded, ())] == [f"/walk/{name}" for name in PALETTE]
    found = find_directions(loaded.model, (6, 8))
    assert found.shifts == {}
    notes = check_directions(loaded, (), found)
    assert notes == [f"/walk/warmth moves nothing for now: {found.why}"]
    assert check_directions(loaded, (), Found(dict.fromkeys(PALETTE, np.zeros((6, 8), np.float32)))) == []


class Kept:
    """A generator that keeps the latents it is asked for."""

    restarts = rejected = 0
    alive = True
    last_error = ""
    max_fps = 0.0

    def __init__(self) -> None:
        self.latents: list[Latent] = []

    def start(self) -> None: ...

    def submit(self, latent: Latent) -> int:
        self.latents.append(latent)
        return len(self.latents)

    def newest(self) -> None: ...

    def describe(self) -> str:
        return "kept"

    def close(self) -> None: ...


def walked(folder: Path, values: dict[str, float], steps: int) -> list[np.ndarray]:
    """The ws that a network at work asks for while the parameters have these values."""
    loaded = load(folder / "show.yaml")
    mapping: LatentMapping = TorchMapping(models.load(folder / "own.safetensors"))
    walk = walks()["still"](loaded.show.walk, mapping, loaded.show.seed)
    source = Kept()
    act = Act("own", walk, source, build_offset(loaded, mapping))
    usual = {"/walk/truncation_psi": 0.7}
    for i in range(steps):
        moment = Moment(i * 0.1, 0.1, lambda a: usual.get(a, values.get(a, 0.0)), np.empty(0, np.float32), 10.0)
        act.step(moment)
    return [latent.ws for latent in source.latents]


def test_a_network_at_work_moves_along_its_own_directions(folder: Path) -> None:
    shifts = learnt(folder, *PALETTE)
    (plain,) = walked(folder, {}, 1)
    (moved,) = walked(folder, {"/walk/warmth": -1.0, "/walk/contrast": 0.5}, 1)
    expected = plain - shifts["warmth"] + 0.5 * shifts["contrast"]
    np.testing.assert_allclose(moved, expected, atol=0.01)  # they are stored as float16
    directions_path(folder / "own.safetensors").unlink()
    (folder / "show.yaml").write_text(PLAIN)
    np.testing.assert_array_equal(walked(folder, {}, 1)[0], plain)


def test_from_the_command_to_the_picture(folder: Path) -> None:
    """Learn, check, record: the recording is another one when it is warm."""
    own = folder / "own.safetensors"
    done = reverie("explore", "directions", own, "--samples", 32)
    assert done.returncode == 0, done.stderr
    assert "own.directions.safetensors" in done.stdout
    assert "R²" in done.stdout
    assert "run: " not in done.stdout
    name = next(iter(find_directions(str(own), (6, 8)).shifts))
    text = PLAIN + f"set: {{/walk/{name}: VALUE}}\noutputs: [{{type: offscreen}}]\npanel: null\n"
    pictures = []
    for value in ("0", "1"):
        (folder / "show.yaml").write_text(text.replace("VALUE", value))
        recorded = reverie("record", folder / "show.yaml", "--seconds", 0.5, "-o", folder / f"{value}.mp4")
        assert recorded.returncode == 0, recorded.stderr
        pictures.append((folder / f"{value}.mp4").read_bytes())
    assert pictures[0] != pictures[1]

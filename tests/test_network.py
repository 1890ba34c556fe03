"""The show's `network`: what it declares, what the worker is told, and every mistake with its line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import models
from engine.app import check_show, record_show
from engine.build import load
from engine.dream.bending import UNBENT, Bend, BlendWith
from engine.errors import ReverieError
from engine.network import bending_of, check_network, network_parameters
from engine.show.loader import LoadedShow
from models.checkpoint import save
from models.stylegan2 import Generator as StyleGAN2
from models.stylegan3 import Generator as StyleGAN3

SHOW = """\
reverie: 1
title: Bent
model: own.safetensors
network:
  canvas: {width: 64, height: 18, extend: stretch}
  bend:
    - {name: tilt, layer: b8.conv1, channels: 0-3, rotate: 36}
    - {layer: b16.conv0, channels: {cluster: 2, of: 3}, threshold: 0.3}
  blend: {with: other.safetensors, amount: 0.3, from: b8.conv0}
"""


def generator(**settings: Any) -> StyleGAN2:
    torch.manual_seed(1)
    config = {"z_dim": 4, "w_dim": 4, "channel_base": 128, "channel_max": 8, "mapping_layers": 2}
    return StyleGAN2(**{"img_resolution": 16} | config | settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two networks of one family, one of another, and a StyleGAN3."""
    folder = tmp_path_factory.mktemp("shows")
    save(folder / "own.safetensors", generator(), {})
    noisy = generator()
    noisy.synthesis.get_submodule("blocks.1.conv0").noise_strength.data.fill_(0.2)
    save(folder / "noisy.safetensors", noisy, {})
    save(folder / "other.safetensors", generator(), {})
    save(folder / "thin.safetensors", generator(channel_max=4), {})
    save(folder / "plane.safetensors", StyleGAN3(32, z_dim=4, w_dim=4, channel_base=128, channel_max=8), {})
    (folder / "broken.safetensors").write_bytes(b"\x00" * 100)
    return folder


def loaded(folder: Path, text: str) -> LoadedShow:
    path = folder / "show.yaml"
    path.write_text(text)
    return load(path)


def checked(folder: Path, text: str) -> LoadedShow:
    show = loaded(folder, text)
    check_network(show, models.load(folder / show.show.model))
    return show


def test_a_show_without_it_asks_nothing_of_a_network_without_noise(folder: Path) -> None:
    show = checked(folder, SHOW.partition("network:")[0])
    assert network_parameters(show) == []
    assert bending_of(show) == UNBENT


def test_every_number_is_a_parameter_at_the_shows_value(folder: Path) -> None:
    parameters = {p.address: p for p in network_parameters(checked(folder, SHOW))}
    tilt = parameters["/network/bend/tilt/rotate"]
    assert (tilt.default, tilt.minimum, tilt.maximum, tilt.unit) == (36, -180, 180, "°")
    assert tilt.help
    assert parameters["/network/bend/b16.conv0/threshold"].default == 0.3
    assert parameters["/network/bend/tilt/scale"].curve == "log"
    assert parameters["/network/blend/amount"].default == 0.3
    assert len(parameters) == 21
    assert all(p.minimum is not None and p.maximum is not None and p.help for p in parameters.values())


def test_the_worker_is_told_what_stands_still_and_the_order_of_what_moves(folder: Path) -> None:
    show = loaded(folder, SHOW)
    bending = bending_of(show)
    assert (bending.canvas, bending.extend) == ((18, 64), "stretch")
    assert bending.bends == (
        Bend("tilt", "b8.conv1", (0, 1, 2, 3)),
        Bend("b16.conv0", "b16.conv0", cluster=(2, 3)),
    )
    assert bending.blend == BlendWith(str(folder / "other.safetensors"), "b8.conv0")
    assert [f"/network/{name}" for name in bending.controls] == [p.address for p in network_parameters(show)]


def test_a_camera_belongs_to_a_stylegan3_which_has_no_noise(folder: Path) -> None:
    text = SHOW.partition("network:")[0].replace("own", "plane")
    text += "network:\n  camera: {zoom: 2}\n  bend: [{layer: L5, gain: 0.5}]\n"
    addresses = {p.address: p.default for p in network_parameters(checked(folder, text))}
    assert addresses["/network/camera/zoom"] == 2
    assert "/network/bend/L5/gain" in addresses
    assert "/network/bend/L5/noise" not in addresses
    with pytest.raises(ReverieError, match=r"show\.yaml:6: network\.bend\.0\.noise: this network has no noise"):
        checked(folder, text.replace("gain: 0.5", "noise: 0.5"))


BARE = SHOW.partition("network:")[0].replace("own", "noisy")
SPEED = "/network/noise/speed"


@pytest.mark.parametrize(
    ("section", "speed"),
    [("", 0.8), ("network:\n", 0.8), ("network: {noise: {}}\n", 0.8), ("network: {noise: {speed: 0}}\n", 0)],
)
def test_noise_turns_wherever_there_is_any(folder: Path, section: str, speed: float) -> None:
    show = checked(folder, BARE + section)
    (parameter,) = network_parameters(show)
    assert (parameter.address, parameter.default, parameter.unit) == (SPEED, speed, "turns/min")
    assert (parameter.minimum, parameter.maximum) == (0, 20)
    assert bending_of(show).controls == ("noise/turn_0", "noise/turn_1", "noise/turn_2")


def test_the_turns_lie_between_camera_and_bends(folder: Path) -> None:
    controls = bending_of(loaded(folder, SHOW.replace("model: own", "model: noisy"))).controls
    assert controls[:4] == ("noise/turn_0", "noise/turn_1", "noise/turn_2", "bend/tilt/scale")


@pytest.mark.parametrize("model", ["own", "plane"])
def test_a_network_without_noise_has_no_speed_of_it(folder: Path, model: str) -> None:
    text = BARE.replace("noisy", model)
    assert network_parameters(checked(folder, text)) == []
    said = r"show\.yaml:4: network\.noise: this network has no noise that could turn; remove the key"
    with pytest.raises(ReverieError, match=said):
        checked(folder, text + "network: {noise: {speed: 1}}\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"set: {{{SPEED}: 2}}\n", f"show.yaml:4: set.{SPEED}: "),
        (
            "sensors: {hall: {type: simulated}}\nmodulation:\n  - {from: hall.bass, to: " + SPEED + "}\n",
            "show.yaml:6: ",
        ),
    ],
)
@pytest.mark.parametrize("act", [check_show, lambda path: record_show(path, 1, path.with_name("film.mp4"))])
def test_a_show_that_names_it_all_the_same_is_told_the_line(
    folder: Path, text: str, sentence: str, act: Callable[[Path], object]
) -> None:
    show = loaded(folder, BARE.replace("noisy", "own") + text)
    with pytest.raises(ReverieError) as caught:
        act(show.path)
    assert sentence in str(caught.value)
    assert f"there is no parameter {SPEED}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "right", "line", "sentence"),
    [
        ("b8.conv1", "b9.conv1", 7, "network.bend.0.layer: there is no layer b9.conv1; this network has b4.conv1, b8"),
        ("0-3", "0-9", 7, "network.bend.0.channels: there is no channel 9; b8.conv1 has 0-7"),
        ("0-3", "0-8", 7, "network.bend.0.channels: there is no channel 8; b8.conv1 has 0-7"),
        ("0-3", "3-0", 7, "network.bend.0.channels: expected channels from low to high"),
        ("0-3", "some", 7, "network.bend.0.channels: expected channels such as 0-15"),
        ("0-3", "{numbers: [-2]}", 7, "network.bend.0.channels: expected channels such as 0-15"),
        ("0-3", "[1, -2]", 7, "network.bend.0.channels: expected channels such as 0-15"),
        ("rotate: 36", "rotate: 361", 7, "network.bend.0.rotate"),
        ("rotate: 36", "turn: 36", 7, "network.bend.0.turn: is not a key here"),
        ("rotate: 36", "rotate: .nan", 7, "network.bend.0.rotate"),
        ("{cluster: 2, of: 3}", "{cluster: 4, of: 3}", 8, "there is no group 4 of 3; they count from 1"),
        ("{cluster: 2, of: 3}", "{cluster: 2}", 8, "give numbers such as 0-15, or a group such as"),
        ("of: 3}", "of: 9}", 8, "network.bend.1.channels.of: b16.conv0 has 8 channels, too few for 9 groups"),
        ("name: tilt", "name: b16.conv0", 4, "two bends are called b16.conv0; give one of them another `name`"),
        ("other.s", "thin.s", 9, "thin.safetensors has another shape than the show's model: synthesis.blocks"),
        ("other.s", "plane.s", 9, "shape than the show's model: it is a stylegan3, not a stylegan2; blend networks of"),
        ("other.s", "broken.s", 9, "network.blend.with: "),
        ("other.s", "nowhere.s", 9, "network.blend.with: nowhere.safetensors: there is no such checkpoint"),
        ("from: b8.conv0", "from: L3", 9, "network.blend.from: there is no layer L3"),
        ("from: b8.conv0", "from: b8.conv0, to: b4.conv1", 9, "network.blend.to: b4.conv1 comes before b8.conv0"),
        ("width: 64", "width: 8", 5, "network.canvas.width"),
        ("width: 64, height: 18", "width: 4000, height: 400", 5, "the canvas 4000×400 has more than the 65536 pixels"),
        (
            "  bend:",
            "  noise: {speed: 21}\n  bend:",
            6,
            "network.noise.speed: input should be less than or equal to 20",
        ),
        ("  bend:", "  noise: {pace: 1}\n  bend:", 6, "network.noise.pace: is not a key here"),
        ("  bend:", "  camera: {}\n  bend:", 6, "network.camera: this network has no plane to move in"),
    ],
)
def test_each_mistake_names_its_line(folder: Path, wrong: str, right: str, line: int, sentence: str) -> None:
    assert SHOW.count(wrong) == 1
    with pytest.raises(ReverieError) as caught:
        checked(folder, SHOW.replace(wrong, right))
    assert f"show.yaml:{line}: " in str(caught.value)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("7", (7,)), ("0-2", (0, 1, 2)), ('"0-1, 5"', (0, 1, 5)), ("[3, 7]", (3, 7)), ("[0-1, 4]", (0, 1, 4))],
)
def test_channels_as_people_write_them(folder: Path, written: str, meant: tuple[int, ...]) -> None:
    show = checked(folder, SHOW.replace("channels: 0-3", f"channels: {written}"))
    assert bending_of(show).bends[0].channels == meant

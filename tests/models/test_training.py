"""Training end to end on a tiny data set: it learns, it resumes, it stops cleanly, it says what is wrong."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import models
from models.training import TrainConfig, TrainingError, parse_canvas, train
from models.training import loop as loop_module
from models.training.data import open_set, scaled
from models.training.discrimination import Batch, Turn
from models.training.losses import LOSSES
from models.training.networks import fresh
from models.training.players import Players, Step
from models.training.presets import settle


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small pictures: a bright disc on a dark ground, in several colours."""
    folder = tmp_path_factory.mktemp("data")
    rows, columns = np.mgrid[:16, :16]
    disc = ((rows - 7.5) ** 2 + (columns - 7.5) ** 2 < 25)[..., None]
    for i in range(12):
        colour = np.random.default_rng(i).integers(128, 256, 3)
        Image.fromarray(np.where(disc, colour, 30).astype(np.uint8)).save(folder / f"{i}.png")
    return folder


def tiny(data: Path, out: Path) -> TrainConfig:
    return TrainConfig(
        data=data, out=out, resolution=16, kimg=0.016, batch=8, threads=1, z_dim=8, w_dim=8, channel_base=128,
        channel_max=16, dtype="float32",
    )  # fmt: skip


def progress(folder: Path) -> dict[str, object]:
    """What state.safetensors says of the run."""
    content = (folder / "state.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    result: dict[str, object] = json.loads(header["__metadata__"]["progress"])
    return result


def load_state(network: Path) -> dict[str, torch.Tensor]:
    """The tensors of the state beside a network."""
    return load_file(network.with_name("state.safetensors"))


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as image:
        return image.size


def test_two_iterations_leave_a_network_pictures_and_logs(data: Path, tmp_path: Path) -> None:
    path = train(tiny(data, tmp_path))
    assert progress(tmp_path)["shown"] == 16
    assert path == tmp_path / "network-0000.0.safetensors"
    provenance = models.read_manifest(path)["provenance"]
    assert (provenance["images"], provenance["kimg"]) == (12, 0.016)
    assert len(provenance["data_sha256"]) == 64
    generator = models.load(path)
    assert generator.synthesis(generator.mapping(torch.zeros(1, 8))).shape == (1, 3, 16, 16)
    assert size_of(tmp_path / "reals.png") == (64, 48)
    assert size_of(tmp_path / "fakes_0000.0.png") == (96, 96)
    assert list((tmp_path / "tensorboard").glob("events.*"))
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_wide_run_gives_a_wide_network_and_goes_on(data: Path, tmp_path: Path) -> None:
    config = replace(tiny(data, tmp_path), canvas=parse_canvas("50x18"))
    generator = models.load(train(config))
    assert generator.img_shape == (18, 50)
    assert generator.synthesis(generator.mapping(torch.zeros(1, 8))).shape == (1, 3, 18, 50)
    assert size_of(tmp_path / "reals.png") == (4 * 50, 3 * 18)
    train(replace(config, kimg=0.024, resume=tmp_path))
    assert progress(tmp_path)["shown"] == 24


@pytest.mark.parametrize("text", ["228", "64x", "x", "-1x64", "64 x 64x", "1e3x64"])
def test_a_canvas_that_is_no_size(text: str) -> None:
    with pytest.raises(TrainingError, match="write width and height, such as 228x64"):
        parse_canvas(text)


def test_resumed_run_equals_one_that_was_never_stopped(data: Path, tmp_path: Path) -> None:
    whole = replace(tiny(data, tmp_path / "whole"), kimg=0.048)
    train(whole)
    first = tiny(data, tmp_path / "first")
    train(first)
    train(replace(whole, out=tmp_path / "second", resume=first.out))
    expected = load_file(tmp_path / "whole" / "state.safetensors")
    resumed = load_file(tmp_path / "second" / "state.safetensors")
    assert progress(tmp_path / "second")["shown"] == 48
    assert progress(tmp_path / "second")["iteration"] == 6
    assert expected.keys() == resumed.keys()
    assert [name for name in expected if not torch.equal(resumed[name], expected[name])] == []


@pytest.mark.parametrize("loss", LOSSES)
def test_threads_change_nothing(data: Path, tmp_path: Path, loss: Any) -> None:
    config = replace(tiny(data, tmp_path / "one"), loss=loss, dtype="bfloat16", part=4, noise_after=0.0)
    train(config)
    train(replace(config, threads=2, out=tmp_path / "two"))
    one, two = (load_file(tmp_path / name / "state.safetensors") for name in ("one", "two"))
    assert [name for name in one if not torch.equal(one[name], two[name])] == []
    assert progress(tmp_path / "one") | {"seconds": 0} == progress(tmp_path / "two") | {"seconds": 0}


def players_of(config: TrainConfig) -> Players:
    torch.manual_seed(0)
    return Players(settle(config, 12, 16, {}), fresh(config))


def test_discriminator_learns_to_tell_reals_from_fakes(data: Path, tmp_path: Path) -> None:
    """Against a generator that stands still, its loss falls far below that of guessing."""
    config = tiny(data, tmp_path)
    reals = scaled(open_set(config.data, (16, 16)).batch(range(8)))
    players = players_of(replace(config, penalty_interval=1000))
    try:
        steps = [players.play(lambda part: Batch(reals), Turn(iteration, warmth=0.0)) for iteration in range(1, 61)]
    finally:
        players.close()
    assert sum(step.loss_d for step in steps[-10:]) / 10 < 0.1
    assert sum(step.real - step.fake for step in steps[-10:]) / 10 > 2.0
    assert steps[-1].confidence == 1.0


def test_average_follows_the_generator(data: Path, tmp_path: Path) -> None:
    players = players_of(replace(tiny(data, tmp_path), batch=5000, part=5000, ema_kimg=5.0))
    players.close()
    before = players.ema.synthesis.blocks[0].const.clone()
    with torch.no_grad():
        players.generator.synthesis.blocks[0].const += 1.0
    players.average(shown=100_000)  # one half-life
    torch.testing.assert_close(players.ema.synthesis.blocks[0].const, before + 0.5)


def test_frozen_layers_keep_what_they_know(data: Path, tmp_path: Path) -> None:
    path = train(tiny(data, tmp_path / "first"))
    begun = replace(tiny(data, tmp_path / "second"), start_from=path, freeze_d=2, kimg=0.008)
    before = load_state(train(begun))
    train(replace(begun, start_from=None, freeze_d=None, resume=begun.out, kimg=0.024))
    after = load_state(begun.out / "any")
    moved = {name for name in before if name.startswith("discriminator") and not torch.equal(before[name], after[name])}
    frozen = {name for name in before if name.startswith(("discriminator.fromrgb", "discriminator.blocks.0"))}
    assert len(frozen) == 7
    assert not moved & frozen
    assert any(name.startswith("discriminator.conv") for name in moved)


def test_layers_that_cannot_be_frozen(data: Path, tmp_path: Path) -> None:
    config = tiny(data, tmp_path / "first")
    with pytest.raises(TrainingError, match="freeze_d keeps what a network knew at the start; give it with --from"):
        train(replace(config, freeze_d=1))
    path = train(config)
    with pytest.raises(TrainingError, match="freeze_d is 9, and this discriminator has 4 layers; give at most that"):
        train(replace(config, start_from=path, freeze_d=9, out=tmp_path / "second"))


def test_the_last_networks_are_kept(data: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "network-9999.0.safetensors"
    foreign.write_bytes(b"of another run")
    train(replace(tiny(data, tmp_path), kimg=0.24, snapshot_s=1e-6, keep=2))
    kept = sorted(path.name for path in tmp_path.glob("network-*.safetensors"))
    assert kept == ["network-0000.1.safetensors", "network-0000.2.safetensors", foreign.name]
    assert len(list(tmp_path.glob("network-*.sha256"))) == 2


def test_a_stop_saves_and_ends(data: Path, tmp_path: Path) -> None:
    looks = count()
    path = train(replace(tiny(data, tmp_path), kimg=1e6), lambda: next(looks) > 100)
    assert path is not None
    assert progress(tmp_path)["shown"] == round(1000 * models.read_manifest(path)["provenance"]["kimg"]) > 0


def test_a_stop_before_it_began_writes_nothing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tiny(data, tmp_path / "run"), lambda: True) is None
    assert not (tmp_path / "run").exists()
    assert "nothing was written" in capsys.readouterr().err


def broken(monkeypatch: pytest.MonkeyPatch, attempts: int) -> None:
    """The loss is not finite in the second iteration, in so many attempts."""
    play = Players.play

    def breaking(players: Players, batch: Any, turn: Turn) -> Step:
        step = play(players, batch, turn)
        return replace(step, loss_g=float("nan")) if turn.iteration == 1 and turn.attempt < attempts else step

    monkeypatch.setattr(Players, "play", breaking)


def test_loss_that_is_not_finite_goes_back_and_tries_otherwise(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = load_state(train(tiny(data, tmp_path / "plain")))
    broken(monkeypatch, attempts=2)
    other = load_state(train(tiny(data, tmp_path / "broken")))
    assert capsys.readouterr().out.count("not finite at kimg 0.0: back to kimg 0.0, with other random numbers") == 2
    assert (progress(tmp_path / "broken")["shown"], progress(tmp_path / "broken")["attempt"]) == (16, 2)
    name = "generator.synthesis.blocks.0.const"
    assert bool(other[name].isfinite().all())
    assert not torch.equal(other[name], plain[name])


def test_loss_that_is_never_finite_ends_the_run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, attempts=99)
    with pytest.raises(TrainingError, match=r"the loss is not finite at kimg 0\.0, after 3 tries from the last good"):
        train(tiny(data, tmp_path))
    assert not (tmp_path / "state.safetensors").exists()


def test_other_pictures_are_said(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tiny(data, tmp_path / "run")
    train(config)
    train(replace(config, resume=config.out, kimg=0.024))
    assert "holds other pictures" not in capsys.readouterr().out
    other = tmp_path / "other"
    other.mkdir()
    for path in sorted(data.glob("*.png"))[:9]:
        (other / path.name).write_bytes(path.read_bytes())
    train(replace(config, data=other, resume=config.out, kimg=0.032))
    said = capsys.readouterr().out
    assert said.count("other holds other pictures than this run was trained on so far") == 1
    assert "as before: seed 0, batch 8" in said


def test_resume_from_nothing(data: Path, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"there is no .*state\.safetensors; give the folder of an earlier run with --resume"
    ):
        train(replace(tiny(data, tmp_path / "out"), resume=tmp_path / "empty"))


def test_resume_with_other_settings(data: Path, tmp_path: Path) -> None:
    config = tiny(data, tmp_path)
    train(config)
    with pytest.raises(TrainingError, match=r"does not fit this run .*; resume with the settings it was made with"):
        train(replace(config, channel_max=8, resume=tmp_path))


def test_resume_from_a_damaged_state(data: Path, tmp_path: Path) -> None:
    config = tiny(data, tmp_path)
    train(config)
    state = tmp_path / "state.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="does not fit this run"):
        train(replace(config, resume=tmp_path))
    save_file({"x": torch.zeros(1)}, state)
    with pytest.raises(TrainingError, match="does not fit this run"):
        train(replace(config, resume=tmp_path))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("resolution", 100, "resolution 100 is not a power of two"),
        ("canvas", (8, 200), "the canvas 200x8 is too small"),
        ("canvas", (4000, 4000), "the canvas 4000×4000 has more than the 65536 pixels"),
        ("batch", 0, "batch is 0"),
        ("part", 0, "part is 0"),
        ("kimg", -1.0, "kimg is -1.0"),
        ("learning_rate", float("nan"), "learning_rate is nan"),
        ("kimg", 1e308, r"kimg is 1e\+308; give a number above 0, and no more than 1e\+09"),
        ("seed", 2**70, "does not fit into 64 bits"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, field: str, value: float, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        train(replace(tiny(tmp_path, tmp_path), **{field: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("batch", "part", "words"),
    [
        (6, None, "a part of 6 is not made of whole groups of 4, which the discriminator compares"),
        (12, 8, "batch 12 is not made of whole parts of 8; give a multiple of 8, or another --part"),
    ],
)
def test_batches_that_cannot_be_shared(data: Path, tmp_path: Path, batch: int, part: int | None, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        train(replace(tiny(data, tmp_path), batch=batch, part=part))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"device": "flux"}, "device 'flux' is unknown"),
        ({"device": "cuda:99"}, "is not here"),
        ({"device": "meta"}, "cannot train"),
    ],
)
def test_a_device_that_is_not_there_is_one_sentence(change: dict[str, Any], complaint: str) -> None:
    config = {"data": Path("none"), "out": Path("none"), **change}
    with pytest.raises(TrainingError, match=complaint):
        TrainConfig(**config).check()


def test_disk_that_fails_is_one_sentence(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(loop_module, "write", full)
    with pytest.raises(TrainingError, match=r"cannot be read or written \(No space left on device\); mend that"):
        train(tiny(data, tmp_path))


def test_noise_joins_in_when_the_forms_are_there(data: Path, tmp_path: Path) -> None:
    quiet = replace(tiny(data, tmp_path / "run"), noise_after=0.016, noise_from=4, kimg=0.016)
    assert not any(noise_strengths(train(quiet)))
    assert any(noise_strengths(train(replace(quiet, resume=quiet.out, kimg=0.048))))


def noise_strengths(path: Path) -> list[float]:
    return [value.item() for name, value in load_file(path).items() if name.endswith("noise_strength")]

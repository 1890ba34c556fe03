"""`reverie convert`, `info`, `export` and `generate` on networks of others, as a user types them."""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

import models
from models import checkpoint, export
from models.convert import convert as convert_file
from models.explore.grid import levels_of, tile
from models.manifest import hash_file
from tests import commands
from tests.models.convert.foreign import dump, official, snapshot
from tests.models.convert.networks import small_critic, small_stylegan2, small_stylegan3
from tests.models.known import REFERENCE, needs_reference
from tests.running import reverie as in_its_own_process


@pytest.fixture
def reverie() -> "Command":
    return Command()


class Command:
    """The entry point in this process."""

    def __call__(self, *arguments: object) -> str:
        """What the command said on standard output."""
        return commands.said(*arguments)

    def refused(self, *arguments: object) -> str:
        """What it said on standard error: one sentence."""
        said = commands.refused(*arguments)
        assert said.startswith("reverie: ")
        assert said.count("\n") == 1
        return said


@pytest.fixture
def pkl(tmp_path: Path) -> Path:
    network = small_stylegan2()
    return dump(snapshot(network, network, small_critic()), tmp_path / "net.pkl")


def test_convert_says_what_it_wrote_and_what_is_next(reverie: Command, pkl: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "net.safetensors"
    said = reverie("convert", pkl, out, "--all")
    for word in ("stylegan2", "32×32", "non-commercial", f"D: {out.with_name('net.D.safetensors')}"):
        assert word in said
    assert f"next: reverie generate {out}" in said
    assert "holds no G and no D" in reverie("convert", dump(official(small_stylegan2()), pkl), out, "--all")
    assert not list(out.parent.glob(".*")), "nothing half-written stays"


def test_convert_refuses_paths(reverie: Command, pkl: Path, tmp_path: Path) -> None:
    out = tmp_path / "net.safetensors"
    assert "cannot be read (No such file" in reverie.refused("convert", tmp_path / "nowhere.pkl", out)
    assert "cannot be read (Is a directory)" in reverie.refused("convert", tmp_path, out)
    assert "no file but a device" in reverie.refused("convert", "/dev/zero", out)
    assert "name a file ending in .safetensors" in reverie.refused("convert", pkl, tmp_path / "net.pt")
    (tmp_path / "folder.safetensors").mkdir()
    assert "name a file ending in" in reverie.refused("convert", pkl, tmp_path / "folder.safetensors")
    assert "cannot be written (" in reverie.refused("convert", pkl, pkl / "net.safetensors")
    assert "already" in reverie.refused("convert", "museum-128.safetensors", out)
    assert not out.exists()


def test_convert_does_not_replace_what_it_reads(reverie: Command, pkl: Path, tmp_path: Path) -> None:
    for name in ("net.safetensors", "net.safetensors.sha256", "net.G.safetensors"):
        (tmp_path / name).hardlink_to(pkl)
        before = pkl.read_bytes()
        assert "would take the place of" in reverie.refused("convert", pkl, tmp_path / "net.safetensors", "--all")
        assert pkl.read_bytes() == before
        assert (tmp_path / name).samefile(pkl)
        (tmp_path / name).unlink()


def test_names_of_files_that_are_no_text(reverie: Command, pkl: Path, tmp_path: Path) -> None:
    strange = Path(os.fsdecode(bytes(tmp_path) + b"/a\xff\x1b[31m[b]"))
    path, out = strange.with_name(strange.name + ".pkl"), strange.with_name(strange.name + ".safetensors")
    pkl.rename(path)
    for said in (reverie("convert", path, out), reverie("info", path), reverie("info", out)):
        assert "\x1b" not in said
        assert "[31m[b]." in said
    assert hash_file(out).read_bytes().endswith(os.fsencode(out.name) + b"\n")


def test_a_damaged_file_is_one_sentence_from_the_shell_too(pkl: Path, tmp_path: Path) -> None:
    pkl.write_bytes(pkl.read_bytes()[:-1000])
    done = in_its_own_process("convert", str(pkl), str(tmp_path / "net.safetensors"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"reverie: {pkl}: it cannot be converted: it is damaged or cut short")
    assert "Traceback" not in done.stderr


def test_info_of_a_checkpoint(reverie: Command, pkl: Path, tmp_path: Path) -> None:
    out, network = tmp_path / "net.safetensors", small_stylegan2()
    convert_file(pkl, out)
    told = json.loads(reverie("info", out, "--json"))
    assert (told["architecture"], told["canvas"]) == ("stylegan2", {"width": 32, "height": 32})
    assert told["parameters"] == sum(parameter.numel() for parameter in network.parameters())
    assert told["parts"]["mapping"] + told["parts"]["synthesis"] == told["parameters"]
    assert told["stored_as"] == {"F32": sum(tensor.numel() for tensor in network.state_dict().values())}
    assert (told["z_dim"], told["num_ws"], told["sha256"]) == (5, 8, "verified")
    assert told["provenance"]["source"] == "net.pkl"
    said = reverie("info", out)
    assert all(word in said for word in ("verified", "z_dim 5", "net.pkl", "non-commercial"))
    hash_file(out).unlink()
    assert "unverified" in reverie("info", out)
    hash_file(out).write_text("0" * 64)
    assert "SHA-256 is not the one" in reverie.refused("info", out)


def test_info_of_a_file_that_would_steer_the_terminal(reverie: Command, tmp_path: Path) -> None:
    deep: dict[str, object] = {}
    for _ in range(400):
        deep = {"deeper": deep}
    provenance = {"data": "\x1b[31mred\x1b]0;title\x07", "\x1b[2J": "[bold]x", "deep": deep}
    checkpoint.save(tmp_path / "net.safetensors", small_stylegan2(), provenance)
    said = reverie("info", tmp_path / "net.safetensors")
    assert "\x1b" not in said
    assert "red" in said
    assert "[bold]x" in said
    assert "deeper …" in said
    assert json.loads(reverie("info", tmp_path / "net.safetensors", "--json"))["provenance"]["data"].startswith("\x1b")
    checkpoint.save(tmp_path / "net.safetensors", small_stylegan2(), {"licence": 5})
    assert "not recorded" in reverie("info", tmp_path / "net.safetensors")


def test_info_of_files_to_convert_and_of_the_built_in(reverie: Command, pkl: Path) -> None:
    told = json.loads(reverie("info", pkl, "--json"))
    assert list(told["networks"]) == ["G_ema", "G", "D"]
    assert told["networks"]["D"]["architecture"] == "stylegan2-discriminator"
    assert f"next: reverie convert {pkl}" in reverie("info", pkl)
    critic = official(small_critic())
    critic.at("b32").state["architecture"] = "skip"
    dump({"G_ema": official(small_stylegan2()), "D": critic}, pkl)
    assert "its b32 has the architecture 'skip', supported is 'resnet'" in reverie("info", pkl)
    assert "F16" in reverie("info", "museum-128")
    assert "there is no built-in network" in reverie.refused("info", "mona-lisa")


@pytest.mark.parametrize("make", [small_stylegan2, small_stylegan3])
def test_generate_draws_a_class(reverie: Command, tmp_path: Path, make: type) -> None:
    checkpoint.save(tmp_path / "net.safetensors", make(3), {}, half=False)
    pictures = []
    for label in ("0", "2"):
        reverie("generate", tmp_path / "net.safetensors", "--seeds", "1", "--class", label, "-o", tmp_path / "x.png")
        with Image.open(tmp_path / "x.png") as picture:
            pictures.append(np.asarray(picture).copy())
    assert (pictures[0] != pictures[1]).any()
    said = reverie.refused("generate", tmp_path / "net.safetensors", "--class", "3", "-o", tmp_path / "x.png")
    assert "class 3 is not there: this network has classes 0 to 2" in said


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32", "sg2_64_c4", "sg2ada_32_p3", "sg3t_64", "sg3r_32_c3"])
def test_published_files_become_the_expected_picture(reverie: Command, tmp_path: Path, name: str) -> None:
    out, picture = tmp_path / "net.safetensors", tmp_path / "x.png"
    reverie("convert", REFERENCE / f"{name}.pkl", out)
    reverie("generate", out, "--latents", REFERENCE / f"{name}.npz", "--trunc", "0.7", "-o", picture)
    expected = tile(levels_of(torch.from_numpy(np.load(REFERENCE / f"{name}.npz")["img_psi07"])))
    with Image.open(picture) as drawn:
        difference = np.abs(np.asarray(drawn).astype(int) - expected)
    assert difference.max() <= 1, "one step is what rounding does to 1e-5"
    assert (difference > 0).mean() < 0.001


def test_export_writes_what_another_program_draws_the_same(reverie: Command, tmp_path: Path) -> None:
    network = small_stylegan2(3)
    checkpoint.save(tmp_path / "net.safetensors", network, {"licence": "CC0"}, half=False)
    said = reverie("export", tmp_path / "net.safetensors", "--format", "onnx", "-o", tmp_path / "net.onnx")
    assert "differ by at most" in said
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["licence"] == "CC0"
    z, c = torch.randn(4, 5), torch.eye(3)[[0, 1, 2, 0]]
    inputs = {"z": z.numpy(), "psi": np.array(0.6, np.float32), "c": c.numpy()}
    torch.testing.assert_close(torch.from_numpy(session.run(None, inputs)[0]), network(z, c, 0.6), atol=1e-3, rtol=0)


def test_export_refuses(reverie: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "x.onnx"
    assert "ending in .onnx" in reverie.refused("export", "museum-128", "-o", tmp_path / "x.png")
    monkeypatch.setattr(export, "_trace", lambda whole, sample, path, notes: path.write_bytes(b"other"))
    monkeypatch.setattr(export, "_largest_difference", lambda path, samples, expected: float("nan"))
    assert "its pictures differ by nan from the network's own" in reverie.refused("export", "museum-128", "-o", out)
    assert not list(tmp_path.iterdir()), "a wrong file does not stay"
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    assert "pip install onnx onnxruntime onnxscript" in reverie.refused("export", "museum-128", "-o", out)


def test_a_training_checkpoint_is_not_a_network_to_show(reverie: Command, pkl: Path, tmp_path: Path) -> None:
    convert_file(pkl, tmp_path / "net.safetensors", everything=True)
    said = reverie.refused("generate", tmp_path / "net.D.safetensors", "-o", tmp_path / "x.png")
    assert "'stylegan2-discriminator' is not known here" in said
    assert models.read_manifest(tmp_path / "net.G.safetensors")["provenance"]["network"] == "G"

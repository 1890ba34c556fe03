"""Checkpoints: what goes in comes out, and whatever is wrong with a file is one CheckpointError."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import models
from models import CheckpointError, checkpoint
from models.discriminator import Discriminator
from models.manifest import hash_file
from models.stylegan2 import Generator

PROVENANCE = {"data": "archive.zip", "kimg": 12.5, "settings": {"batch": 16}}


def tiny() -> Generator:
    torch.manual_seed(2)
    return Generator(16, z_dim=4, w_dim=4, channel_base=64, channel_max=4, mapping_layers=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good checkpoint."""
    path = tmp_path / "net.safetensors"
    checkpoint.save(path, tiny(), PROVENANCE)
    return path


def parts(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Manifest and tensors of a checkpoint."""
    return models.read_manifest(path), load_file(path)


def write(path: Path, manifest: object, tensors: dict[str, Tensor]) -> None:
    """A well-formed safetensors file without a hash, whatever it claims."""
    hash_file(path).unlink(missing_ok=True)
    save_file(tensors, path, metadata={"reverie": manifest if isinstance(manifest, str) else json.dumps(manifest)})


def write_header(path: Path, header: bytes, data: bytes = b"") -> None:
    hash_file(path).unlink(missing_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


def refused(path: Path, words: str = ".") -> None:
    """Loading fails with one sentence that names the file."""
    with pytest.raises(CheckpointError, match=words) as caught:
        models.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_round_trip(path: Path) -> None:
    generator, loaded = tiny(), models.load(path)
    for name, tensor in generator.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float()), name
    assert loaded.config == generator.config
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    z = torch.randn(2, 4)
    torch.testing.assert_close(loaded(z), generator(z), atol=0.02, rtol=0.02)


def test_exact_round_trip(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "net.safetensors", tiny(), {}, half=False)
    loaded = models.load(tmp_path / "net.safetensors")
    for name, tensor in tiny().state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def test_a_discriminator_is_kept_apart(tmp_path: Path) -> None:
    torch.manual_seed(3)
    critic = Discriminator(16, c_dim=2, channel_base=64, channel_max=4, canvas=(16, 24))
    file = tmp_path / "critic.safetensors"
    checkpoint.save(file, critic, PROVENANCE, half=False)
    loaded = checkpoint.load_discriminator(file)
    assert loaded.config == critic.config
    images, c = torch.randn(2, 3, 16, 24), torch.eye(2)
    torch.testing.assert_close(loaded(images, c), critic(images, c))
    refused(file, "architecture 'stylegan2-discriminator' is not known here; known are stylegan2")
    assert list(checkpoint.empty(file).state_dict()) == list(critic.state_dict())


def test_manifest_says_what_and_where_from(path: Path) -> None:
    manifest = models.read_manifest(path)
    assert (manifest["format"], manifest["architecture"]) == (1, "stylegan2")
    assert manifest["config"]["img_resolution"] == 16
    assert manifest["provenance"] == PROVENANCE


def test_weights_too_large_for_half_precision_are_kept(tmp_path: Path) -> None:
    generator = tiny()
    with torch.no_grad():
        generator.mapping.layers[0].weight[0, 0] = 1e5
    checkpoint.save(tmp_path / "large.safetensors", generator, {})
    assert models.load(tmp_path / "large.safetensors").mapping.layers[0].weight[0, 0] == 1e5


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    generator = tiny()
    with torch.no_grad():
        generator.mapping.layers[0].weight[0, 0] = float("nan")
    with pytest.raises(CheckpointError, match=r"mapping\.layers\.0\.weight holds numbers that are not finite"):
        checkpoint.save(tmp_path / "nan.safetensors", generator, {})
    assert not list(tmp_path.iterdir())


def test_rights_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        checkpoint.save(tmp_path / "net.safetensors", tiny(), {})
    finally:
        os.umask(before)
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o640, 0o640]


def test_save_replaces_an_older_checkpoint_and_its_hash(path: Path) -> None:
    checkpoint.save(path, tiny(), {"kimg": 13})
    assert models.load(path).img_resolution == 16
    assert models.read_manifest(path)["provenance"] == {"kimg": 13}
    assert sorted(file.name for file in path.parent.iterdir()) == ["net.safetensors", "net.safetensors.sha256"]


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.5, 0.999])
@pytest.mark.parametrize("with_hash", [True, False])
def test_truncated_file(path: Path, share: float, with_hash: bool) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    if not with_hash:
        hash_file(path).unlink()
    refused(path, "cannot be used")


@pytest.mark.parametrize("content", [b"", b"0" * 64, b"\xff" * 200])
def test_hash_that_does_not_fit(path: Path, content: bytes) -> None:
    hash_file(path).write_bytes(content)
    refused(path, r"its SHA-256 is not the one in net\.safetensors\.sha256")


def flipped(content: bytes, seed: int) -> bytes:
    """The content with one bit turned over: every other time in the header, where it does most."""
    chance = random.Random(seed)
    header = 8 + int.from_bytes(content[:8], "little")
    bit = chance.randrange(8 * (header if seed % 2 else len(content)))
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flipped_bit_passes_the_hash(path: Path) -> None:
    content = path.read_bytes()
    for seed in range(200):
        path.write_bytes(flipped(content, seed))
        refused(path)


def test_no_flipped_bit_raises_anything_else_without_a_hash(path: Path) -> None:
    content = path.read_bytes()
    hash_file(path).unlink()
    refusals = 0
    for seed in range(200):
        path.write_bytes(flipped(content, seed))
        try:
            assert models.load(path).config == tiny().config
        except CheckpointError:
            refusals += 1
    assert 80 < refusals < 200, "half of the flips are in the header; a flip in a weight is still a weight"


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "net.safetensors"
    folder.mkdir()
    with pytest.raises(CheckpointError, match="is a folder, a pipe or a device"):
        models.load(folder)
    with pytest.raises(CheckpointError, match=r"cannot be read \(Is a directory\)"):
        models.read_manifest(folder)


def test_names() -> None:
    with pytest.raises(
        CheckpointError, match=r"there is no built-in network 'louvre-4096'; there are .+, or give a path"
    ):
        models.load("louvre-4096")
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        models.load("nowhere.safetensors")
    with pytest.raises(CheckpointError, match=r"run: reverie convert ffhq\.pkl NAME\.safetensors"):
        models.load("ffhq.pkl")
    with pytest.raises(CheckpointError, match="File name too long"):
        models.load("x" * 300 + ".safetensors")
    for name in models.builtin_names():
        assert models.resolve(name).is_file()


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"__metadata__": 3}',
        b'{"__metadata__": {"reverie": 3}}',
        b'{"__metadata__": {"reverie": "{"}}',
        b'{"__metadata__": {"reverie": "{}"}, "x": 3}',
        b'{"__metadata__": {"reverie": "{}"}, "x": {"dtype": "F32", "shape": [Infinity]}}',
        b'{"__metadata__": {"reverie": "{}"}, "x": {"dtype": "F32", "shape": ["a"]}}',
    ],
)
def test_header_that_is_none(path: Path, header: bytes) -> None:
    write_header(path, header, b"\0" * 64)
    refused(path, "checkpoint cannot be used")


def test_header_larger_than_the_file(path: Path) -> None:
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    refused(path, "cut short")


def test_tensors_that_claim_ten_gigabytes(path: Path) -> None:
    tensors = {name: {"dtype": "F32", "shape": [50_000, 50_000], "data_offsets": [0, 10**10]} for name in "ab"}
    manifest = json.dumps(models.read_manifest(path))
    write_header(path, json.dumps({"__metadata__": {"reverie": manifest}, **tensors}).encode())
    refused(path, "has an unknown tensor|lacks tensor")
    tensors = {NAME: tensors["a"]} | {name: {"dtype": "F32", "shape": list(t.shape)} for name, t in rest().items()}
    write_header(path, json.dumps({"__metadata__": {"reverie": manifest}, **tensors}).encode())
    refused(path, r"is F32\[50000, 50000\], expected floats")


def rest() -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tiny().state_dict().items() if name != NAME}


def test_file_of_another_program(path: Path) -> None:
    hash_file(path).unlink()
    save_file({"x": torch.zeros(1)}, path)
    refused(path, "it has no Reverie manifest")


def with_config(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest["config"].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda manifest: manifest.update(format=2), "reads checkpoints of format 1"),
        (lambda manifest: manifest.clear(), "reads checkpoints of format 1"),
        (lambda manifest: manifest.update(architecture="biggan"), "architecture 'biggan' is not known here; known are"),
        (lambda manifest: manifest.update(architecture=None), "names no architecture"),
        (lambda manifest: manifest.update(config=None), "names no architecture"),
        (lambda manifest: manifest.update(config={}), "its config img_resolution: Field required"),
        (with_config(img_resolution=2**20), "its config img_resolution: "),
        (with_config(img_resolution=48), "its config img_resolution: "),
        (with_config(channel_max=10**9), "its config channel_max: "),
        (with_config(mapping_layers=10**9), "its config mapping_layers: "),
        (with_config(z_dim=-1), "its config z_dim: "),
        (with_config(conv_clamp=float("nan")), "its config conv_clamp: "),
        (with_config(surprise=1), "its config surprise: Extra inputs are not permitted"),
        (with_config(img_resolution=1024, channel_base=65536, channel_max=1024), "lacks tensor"),
        (with_config(channel_max=1024), "expected floats"),
    ],
)
def test_manifest_that_claims_something_else(path: Path, change: Callable[[dict[str, Any]], None], words: str) -> None:
    manifest, tensors = parts(path)
    change(manifest)
    write(path, manifest, tensors)
    refused(path, words)


NAME = "mapping.layers.0.weight"


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (None, f"lacks tensor {NAME}"),
        (torch.zeros(5, 4), r"is F32\[5, 4\], expected floats \[4, 4\]"),
        (torch.zeros(4, 4, dtype=torch.int64), r"is I64\[4, 4\]"),
        (torch.zeros(4, 4, dtype=torch.float64), r"is F64\[4, 4\]"),
        (torch.full((4, 4), float("nan")), f"{NAME} holds numbers that are not finite"),
        (torch.full((4, 4), float("-inf")), f"{NAME} holds numbers that are not finite"),
    ],
)
def test_tensor_that_does_not_belong(path: Path, tensor: Tensor | None, words: str) -> None:
    manifest, tensors = parts(path)
    del tensors[NAME]
    write(path, manifest, tensors if tensor is None else {**tensors, NAME: tensor})
    refused(path, words)


def test_tensor_too_many(path: Path) -> None:
    manifest, tensors = parts(path)
    write(path, manifest, {**tensors, "mapping.extra": torch.zeros(1)})
    refused(path, r"has an unknown tensor mapping\.extra")


def test_what_a_file_says_is_quoted_on_one_short_line(path: Path) -> None:
    long = "x\n\x1b[2J" * 1000
    manifest, tensors = parts(path)
    write(path, manifest, {**tensors, long: torch.zeros(1)})
    refused(path, r"unknown tensor x\\n\\x1b\[2J")
    for change in ({"architecture": long}, {"config": {**manifest["config"], long: 1}}):
        write(path, {**manifest, **change}, tensors)
        refused(path, r"x\\n\\x1b\[2J.{,600}$")
    table = {name: {"dtype": "F32", "shape": list(t.shape)} for name, t in tensors.items()}
    for claim, words in (({"dtype": long}, r"is x\\n"), ({"shape": [1] * 10**5}, "impossible shape")):
        header = {"__metadata__": {"reverie": json.dumps(manifest)}, **table, NAME: {**table[NAME], **claim}}
        write_header(path, json.dumps(header).encode())
        refused(path, words + ".{,600}$")


def test_a_failed_save_leaves_the_older_checkpoint_with_its_hash(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path, tiny(), {})
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_hash_beside_it_may_be_left_out(path: Path) -> None:
    hash_file(path).unlink()
    assert models.load(path).img_resolution == 16


def test_a_device_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    checkpoint.save(path, Generator(img_resolution=16, channel_max=8), {})
    with pytest.raises(CheckpointError, match="there is no device 'abacus'"):
        models.load(path, "abacus")
    with pytest.raises(CheckpointError, match="torch finds no GPU cuda:99 here"):
        models.load(path, "cuda:99")

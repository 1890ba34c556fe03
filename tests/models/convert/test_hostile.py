"""Files that are damaged, that claim more than they hold, or that want something run: one sentence, and nothing ran."""

import json
import os
import pickle
import random
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import models
from models import stylegan2
from models.convert import convert, open_source, source, torch_files
from models.convert.arrays import Storage, rebuild_tensor
from models.convert.plan import Plan
from models.convert.refusal import Budget, Refused
from models.convert.torch_files import read_stream, read_zip
from models.convert.vocabulary import Module, names
from models.errors import CheckpointError
from tests.models.convert.foreign import Part, dump, official, rosinality, snapshot
from tests.models.convert.hostile import bombs
from tests.models.convert.networks import assert_same, scrambled, small_stylegan2, small_stylegan3
from tests.running import ROOT

FUZZED = 200
MOST_MIB = 400.0  # what the objects of 400,000 opcodes may take, and the libraries' first use


def build(path: Path) -> None:
    """Read a file and build all its networks."""
    opened = open_source(path)
    for role in opened.contents.networks:
        opened.build(role)


def refused(path: Path, words: str) -> None:
    """Opening fails with one sentence that names the file."""
    with pytest.raises(CheckpointError, match=words) as caught:
        build(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


class Call:
    """Pickles as a call, which unpickling would make."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call


def planted(marker: Path) -> dict[str, Call]:
    """Ways to leave a mark, by the last part of the name that is to be refused."""
    program = f"import pathlib; pathlib.Path({str(marker)!r}).write_text('ran')"
    return {
        "system": Call(os.system, f"echo ran > {marker}"),
        "exec": Call(exec, program),
        "eval": Call(eval, program),
        "open": Call(open, str(marker), "w"),
        "Popen": Call(subprocess.Popen, ["touch", str(marker)]),
        "getattr": Call(getattr, "text", "upper"),
        "_load_from_bytes": Call(torch.storage._load_from_bytes, b"no storage"),
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ["system", "exec", "eval", "open", "Popen", "getattr"])
def test_planted_calls_are_refused_by_name(tmp_path: Path, protocol: int, name: str) -> None:
    marker, path = tmp_path / "marker", tmp_path / "net.pkl"
    call = planted(marker)[name]
    part = Part("Generator")
    part.state["_parameters"]["weight"] = call
    named = rf"it names the Python object '[\w.]+\.{name}', which no network"
    for content in ([call], {"G_ema": part}, {"augment_pipe": call, "G_ema": official(small_stylegan2())}):
        refused(dump(content, path, protocol), named)
    for zipped in (True, False):
        torch.save({"g_ema": {}, "x": call}, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
        refused(path, named)
    assert not marker.exists()


def test_the_planted_calls_would_run(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(planted(marker)["exec"]))  # noqa: S301 - our own bytes; the point of the tests above
    assert marker.read_text() == "ran"


def test_a_call_hidden_in_a_tensor_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    inner = pickle.dumps(planted(marker)["system"])
    hidden = Call(torch.storage._load_from_bytes, pickle.dumps(0x1950A86A20F9469CFC6C) + pickle.dumps(1001) + inner)
    refused(dump([hidden], tmp_path / "net.pkl"), "it names the Python object 'posix.system'")
    refused(dump([planted(marker)["_load_from_bytes"]], tmp_path / "net.pkl"), "damaged")
    assert not marker.exists()


@pytest.mark.parametrize("make", [small_stylegan2, small_stylegan3])
def test_program_text_is_ignored_and_the_file_opens(tmp_path: Path, make: Callable[[], Any]) -> None:
    marker, network = tmp_path / "marker", make()
    program = f"open({str(marker)!r}, 'w').write('ran')\nclass Generator:\n    pass\n" * 200
    path = dump(snapshot(network, network, None), tmp_path / "net.pkl", program=program)
    assert program.encode() in path.read_bytes()
    convert(path, tmp_path / "net.safetensors")
    assert_same(models.load(tmp_path / "net.safetensors"), network)
    assert not marker.exists()
    assert b"marker" not in (tmp_path / "net.safetensors").read_bytes()


def tiny() -> Any:
    return scrambled(stylegan2.Generator(16, z_dim=3, w_dim=3, channel_base=64, channel_max=3, mapping_layers=1))


def damaged(content: bytes, seed: int) -> bytes:
    """The content cut short, or with some bits turned over: anywhere, or near its beginning."""
    chance = random.Random(seed)
    if seed % 4 == 0:
        return content[: chance.randrange(len(content))]
    changed = bytearray(content)
    reach = 600 if seed % 4 == 1 else len(content)
    for _ in range(chance.choice([1, 1, 2, 30])):
        changed[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def open_in_little_memory(folder: Path) -> tuple[dict[str, str], float]:
    """What came of each file in a process with limited memory, and the MiB it grew by."""
    command = [sys.executable, "-m", "tests.models.convert.hostile", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=150)
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    return answer["said"], answer["grown_mib"]


def test_what_claims_much_costs_little(tmp_path: Path) -> None:
    for name, content in bombs().items():
        (tmp_path / f"{name}.pkl").write_bytes(content)
    said, grown = open_in_little_memory(tmp_path)
    assert len(said) == len(bombs())
    assert all("cannot be converted" in sentence for sentence in said.values()), said
    assert "far more files" in said["table.pkl"]
    assert "far more parts" in said["empty places.pkl"]
    assert "far more objects" in said["copies.pkl"]
    assert grown < MOST_MIB


def test_too_little_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    path = dump(official(tiny()), tmp_path / "net.pkl")
    words = "more memory than this machine has free"
    for owner, name in ((Plan, "build"), (source, "_read"), (Path, "read_bytes")):
        monkeypatch.setattr(owner, name, exhausted)
        refused(path, words)


def test_a_storage_of_many_tensors_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []
    crc32 = zlib.crc32
    numbers = torch.arange(1000, dtype=torch.bfloat16)
    content = {f"{i}": numbers[i : i + 3] for i in range(8)}
    torch.save(content, tmp_path / "net.pt")
    budget = Budget()
    found = read_zip((tmp_path / "net.pt").read_bytes(), names(budget), budget)
    monkeypatch.setattr(torch_files.zlib, "crc32", lambda data: checked.append(len(data)) or crc32(data))
    for name, view in found.items():
        assert view.values().tolist() == content[name].tolist()
    assert checked == [2000]


def announced(numel: int) -> bytes:
    """Opcodes of a storage of a torch file, named 0, of that many float32."""
    return b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK%cNtQ" % numel


def test_storages_that_do_not_fit(tmp_path: Path) -> None:
    def zipped(program: bytes) -> Any:
        with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
            archive.writestr("a/data.pkl", program)
            archive.writestr("a/data/0", bytes(12))
        budget = Budget()
        return read_zip((tmp_path / "net.pt").read_bytes(), names(budget), budget)

    assert zipped(b"\x80\x02" + announced(3) + b".").numbers().tolist() == [0, 0, 0]
    with pytest.raises(Refused, match="claims 16 bytes and has 12"):
        zipped(b"\x80\x02" + announced(4) + b".").numbers()
    with pytest.raises(Refused, match="disagree on the storage '0'"):
        zipped(b"\x80\x02" + announced(3) + announced(4) + b"\x86.")


@pytest.mark.parametrize(
    ("little", "count", "cut", "words"),
    [(True, 3, 0, ""), (False, 3, 0, "not little-endian"), (True, 4, 0, "cut short"), (True, 3, 4, "cut short")],
)
def test_streams_that_do_not_fit(little: bool, count: int, cut: int, words: str) -> None:
    head = [pickle.dumps(value, 2) for value in (torch_files.MAGIC, 1001, {"little_endian": little})]
    whole = b"".join(head) + b"\x80\x02" + announced(3) + b"." + pickle.dumps(["0"], 2)
    stream = memoryview(whole + count.to_bytes(8, "little") + bytes(12 - cut))
    budget = Budget()
    if words:
        with pytest.raises(Refused, match=words):
            read_stream(stream, names(budget), budget)
    else:
        assert read_stream(stream, names(budget), budget).numbers().tolist() == [0, 0, 0]


def test_two_hundred_damaged_files_of_each_kind(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()
    dump(snapshot(tiny(), tiny(), None), good / "pickle.pkl")
    for name, zipped in (("zip.pt", True), ("stream.pt", False)):
        torch.save(rosinality(tiny()), good / name, _use_new_zipfile_serialization=zipped)
    for path in good.iterdir():
        (bad / path.name).write_bytes(path.read_bytes())
        for seed in range(FUZZED):
            (bad / f"{seed}-{path.name}").write_bytes(damaged(path.read_bytes(), seed))
    said, grown = open_in_little_memory(bad)
    assert {said.pop(path.name) for path in good.iterdir()} == {"ok"}
    assert len(said) == 3 * FUZZED
    for name, sentence in said.items():
        assert sentence == "ok" or (str(bad / name) in sentence and "\n" not in sentence)
    assert sum(sentence != "ok" for sentence in said.values()) > 1.5 * FUZZED, "most flips in so small a file matter"
    assert grown < MOST_MIB


@pytest.mark.parametrize(
    ("offset", "shape", "stride"),
    [(0, (2, 2), (3, 1)), (3, (2,), (1,)), (0, (5,), (0,)), (9, (), ()), (-1, (1,), (1,))],
)
def test_a_tensor_stays_in_its_storage(offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
    with pytest.raises(Refused, match=r"larger than|impossible"):
        rebuild_tensor(Storage("<f4", 4), offset, shape, stride)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda part: part.at("synthesis.b8").state.update(architecture="resnet"), "has the architecture 'resnet'"),
        (lambda part: part.at("synthesis.b8.conv0").state.update(activation="relu"), "has the activation 'relu'"),
        (lambda part: part.at("mapping.fc0").state.update(bias_gain=0.1), "another learning rate multiplier"),
        (lambda part: part.put("synthesis.b8.resample_filter", torch.eye(4)), "is not the supported filter"),
        (lambda part: part.put("synthesis.b8.surprise", torch.eye(4)), "has the unknown tensor"),
        (lambda part: part.put("synthesis.b8.conv0.bias", torch.zeros(4)), r"bias is \[4\], expected"),
        (lambda part: part.put("mapping.w_avg", torch.zeros(6, dtype=torch.int64)), "holds <i8 and no floats"),
        (lambda part: part.put("mapping.w_avg", torch.full((6,), torch.nan)), "not finite"),
        (lambda part: part.put("mapping.w_avg", torch.full((6,), 1e300, dtype=torch.float64)), "not finite"),
        (lambda part: part.at("synthesis.b16").state["_modules"].clear(), "lacks tensor"),
        (lambda part: part.at("synthesis").state["_modules"].pop("b8"), "one block for each resolution"),
        (lambda part: part.at("synthesis").state["_modules"].update(b48=Part("x")), "no power of two"),
        (lambda part: part.at("synthesis").state.pop("_modules"), "has no _modules"),
        (lambda part: part.at("synthesis").state["_modules"].update(again=part), "nested without end"),
        (lambda part: part.state["_modules"].clear(), "architecture that is not known here"),
        (lambda part: part.at("synthesis").state["_buffers"].update(x="text"), "neither a tensor nor a network"),
    ],
)
def test_networks_that_are_none_of_ours(tmp_path: Path, change: Callable[[Part], object], words: str) -> None:
    part = official(small_stylegan2())
    for owner in ("_parameters", "_buffers"):
        part.at("mapping").state[owner].pop("w_avg", None)
        part.at("synthesis.b8.conv0").state[owner].pop("bias", None)
    part.put("mapping.w_avg", torch.zeros(6))
    part.put("synthesis.b8.conv0.bias", torch.zeros(12))
    change(part)
    refused(dump({"G_ema": part}, tmp_path / "net.pkl"), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda part: part.put("synthesis.input.transform", torch.ones(3, 3)), "its input is transformed"),
        (lambda part: part.at("synthesis").state["_init_kwargs"].update(use_radial_filters=True), "is not the filter"),
        (lambda part: part.at("synthesis").state.update(img_resolution=2**20), "its img_resolution is not supported"),
        (lambda part: part.at("synthesis").state.pop("num_layers"), "does not say its num_layers"),
        (lambda part: part.at("synthesis").state.update(num_layers=5), "lacks layer|is not the filter"),
    ],
)
def test_stylegan3_that_is_none_of_ours(tmp_path: Path, change: Callable[[Part], object], words: str) -> None:
    part = official(small_stylegan3())
    change(part)
    refused(dump({"G_ema": part}, tmp_path / "net.pkl"), words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither a pickle nor"),
        (b"<!DOCTYPE html><title>404</title>", "neither a pickle nor"),
        (b"\x80\x01].", "its pickle protocol is 1"),
        (b"\x80\x09].", "its pickle protocol is 9"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02]", "damaged"),
        (b"\x80\x02].", "holds no network"),
        (b"\x80\x02I01\n.", "the pickle opcode INT"),
        (b"\x80\x02(cos\nsystem\no.", "names the Python object 'os.system'"),
        (b"\x80\x02(ios\nsystem\n.", "the pickle opcode INST"),
        (b"\x80\x02\x82\x01.", "the pickle opcode EXT1"),
        (b"\x80\x02K\x01Q.", "data outside itself"),
        (b"\x80\x02ctorch\nfloat32\n)R.", "no known constructor"),
        (b"\x80\x02\x8a\x12" + b"\x01" * 18 + b".", "an integer of 137 bits"),
        (b"\x80\x02}\x8a\x08" + (2**61 - 1).to_bytes(8, "little") + b"Ns.", "damaged"),
        (b"\x80\x02ccollections\nOrderedDict\n]R.", "no known constructor"),
        (b"\x80\x02]}b.", "damaged"),
        (pickle.dumps(np.array([{}]), 2), "a numpy array of 'O8', which is no plain number"),
        (pickle.dumps(np.zeros(1, "S3"), 2), "a numpy array of 'S3', which is no plain number"),
        (b"\x80\x02}G" + bytes(8) + b"Ns.", "damaged"),
        (b"\x80\x02K\x01)R.", "no known constructor"),
        (b"PK\x03\x04" + b"\0" * 40, "table of contents"),
    ],
)
def test_what_is_no_network_file(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "net.pkl").write_bytes(content)
    refused(tmp_path / "net.pkl", words)


def test_persistent_objects_are_networks_only() -> None:
    build = names(Budget())["torch_utils.persistence._reconstruct_persistent_obj"]
    assert build is not None
    good = {"type": "class", "class_name": "Generator", "state": {}}
    assert build(good) == Module("Generator", {})
    for wrong in ({"type": "func"}, {"class_name": 1}, {"state": []}):
        with pytest.raises(Refused, match="no network"):
            build({**good, **wrong})


def test_zips_of_others(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\x80\x02].")
    refused(path, "its part 'data.pkl' is missing or compressed")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/readme.txt", "hello")
    refused(path, "none that torch.save wrote")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a/byteorder", "big")
        archive.writestr("a/data.pkl", b"\x80\x02].")
    refused(path, "not little-endian")
    torch.save({"g_ema": {"style.1.weight": 3}}, path)
    refused(path, "something else than tensors")
    torch.save({"g_ema": {"style.1.weight": torch.zeros(3, 3)}}, path)
    refused(path, "lacks tensor")
    torch.save({"model": {"weight": torch.zeros(3)}}, path)
    refused(path, "holds no network")
    torch.save(torch.nn.Linear(2, 2), path)
    refused(path, r"names the Python object 'torch\.nn\.modules\.linear\.Linear'")

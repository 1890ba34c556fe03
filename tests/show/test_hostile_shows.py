"""Show files that somebody damaged, or wrote to do damage: refused with file and line, and without long work."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from engine.build import kinds
from engine.errors import ReverieError
from engine.show import lines
from engine.show.loader import MAX_COMPLAINTS, load_show
from engine.show.network import ChannelsPart
from tests.running import ROOT

HEAD = "reverie: 1\nmodel: museum-128\n"
SHOWS = sorted((ROOT / "shows").glob("*.yaml"))
PIECES = (
    '"\\UFFFFFFFF"', '"\\U00110000"', '"\\ud800"', '"\\0"', "%YAML 1.9", "%YAML 1." + "9" * 5000, "%TAG ! x", "---",
    "...", "&a", "*a", "!!python/object:os.system", "!!binary", "? ", "- ", ": ", "{", "}", "[", "]", "|", ">", "'",
    '"', "\t", "\n", "#", "<<: ", "1e999", "-.inf", ".nan", "0x10", "2001-01-01", "null", "9" * 400, "\ufeff", "\x85",
    "\u2028", "é", "\U0001f600",
)  # fmt: skip


def said(tmp_path: Path, text: str) -> str:
    """What is said of a show that is refused."""
    path = tmp_path / "show.yaml"
    path.write_text(text)
    with pytest.raises(ReverieError) as refusal:
        load_show(path, kinds())
    return str(refusal.value).replace(str(path), "show.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + 'title: "\\UFFFFFFFF"\n', "show.yaml:3: not valid YAML: a number there is too large"),
        (HEAD + 'title: "\\U00110000"\n', "show.yaml:3: not valid YAML: a number there is too large"),
        ("%YAML 1." + "1" * 5000 + "\n---\n" + HEAD, "show.yaml:1: not valid YAML: a number there is too large"),
        (HEAD + "title: a\x01b\n", "show.yaml:3: not valid YAML: character #x0001 is not allowed"),
        (HEAD + 'title: "\\ud800"\n', "show.yaml:3: title: holds half a character"),
        (HEAD + 'title: "a\\0b"\n', "show.yaml:3: title: holds a NUL"),
        (HEAD + 'outputs: [{type: recording, path: "a\\0.mp4"}]\n', "show.yaml:3: outputs.0.path: holds a NUL"),
        (HEAD + 'panel: {token_file: "a\\0"}\n', "show.yaml:3: panel.token_file: holds a NUL"),
        (HEAD + 'set: {"/a\\0": 1}\n', "show.yaml:3: a key holds a NUL"),
        (HEAD + "title: " + "[" * 5000 + "\n", "not valid YAML: nested deeper than"),
    ],
)
def test_what_only_an_escape_or_a_directive_can_write(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in said(tmp_path, text)


def damaged(chance: random.Random) -> bytes:
    """One of our shows with pieces put in and cut out."""
    text = chance.choice(SHOWS).read_text()
    for _ in range(chance.randint(1, 4)):
        begin = chance.randrange(len(text))
        end = begin + chance.choice((0, 0, 1, 5, 40))
        text = text[:begin] + chance.choice(PIECES) + text[end:]
    return text.encode("utf-8", "surrogatepass")


def flipped(chance: random.Random) -> bytes:
    """One of our shows with bytes that are others."""
    data = bytearray(chance.choice(SHOWS).read_bytes())
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


@pytest.mark.parametrize("damage", [damaged, flipped])
def test_damaged_shows_are_read_or_refused(tmp_path: Path, damage: Callable[[random.Random], bytes]) -> None:
    chance = random.Random(1929)
    path, known = tmp_path / "show.yaml", kinds()
    for number in range(1000):
        path.write_bytes(damage(chance))
        with suppress(ReverieError):
            document = lines.read(path)
            str(document.data).encode()  # whatever passes can be printed
            if number % 50 == 0:
                load_show(path, known)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "passes: [" + "a," * 120_000 + "]\n",
        HEAD + "modulation:\n" + "- {}\n" * 30_000,
        HEAD + "".join(f"k{number}: 1\n" for number in range(15_000)),
    ],
)
def test_too_many_values_are_not_gone_through(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    composed = 0
    compose = lines.yaml.SafeLoader.compose_node

    def counted(self: object, parent: object, index: object) -> object:
        nonlocal composed
        composed += 1
        return compose(self, parent, index)

    monkeypatch.setattr(lines.yaml.SafeLoader, "compose_node", counted)
    assert f"more than {lines.MAX_VALUES} keys and values" in said(tmp_path, text)
    assert composed == lines.MAX_VALUES


def test_of_many_complaints_only_those_that_are_told_are_worded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worded = []
    from engine.show import loader

    sentence = loader._sentence
    monkeypatch.setattr(loader, "_sentence", lambda *of: worded.append(of) or sentence(*of))
    told = said(tmp_path, HEAD + "".join(f"k{number}: 1\n" for number in range(5000)))
    assert told.splitlines()[-1] == f"… and {5000 - MAX_COMPLAINTS} more"
    assert len(worded) == MAX_COMPLAINTS


def test_a_long_value_is_not_repeated_whole(tmp_path: Path) -> None:
    assert len(said(tmp_path, HEAD + "title: " + "a" * 200_000 + "\n")) < 300
    assert len(said(tmp_path, HEAD + "sensors: {a: {type: " + "b" * 200_000 + "}}\n")) < 400


def test_channels_are_counted_once_however_often_they_are_named() -> None:
    part = ChannelsPart.model_validate("0-4095," * 30_000 + "0-3,2-5")
    assert part.numbers == tuple(range(4096))
    assert ChannelsPart.model_validate("3-5,1,4-8").numbers == (1, 3, 4, 5, 6, 7, 8)

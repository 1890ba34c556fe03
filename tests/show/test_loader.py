"""Show files: valid ones load, every mistake is one line with file, line, key and what was expected."""

import random
from pathlib import Path

import pytest

from engine.app import kinds
from engine.errors import ReverieError
from engine.show.loader import LoadedShow, load_show
from engine.show.schema import json_schema

GOOD = """\
reverie: 1
title: Small
model: museum
sensors:
  hall: {type: simulated}
walk: {type: drift, speed: 0.3}
passes:
  - grade: {warmth: 0.1}
modulation:
  - {from: hall.bass, to: /walk/speed, out: [0, 0.5], attack: 80ms, release: 2s}
outputs:
  - {type: offscreen}
"""


def load(tmp_path: Path, text: str | bytes) -> LoadedShow:
    path = tmp_path / "show.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_show(path, kinds())


def test_a_good_show_loads_with_units_and_short_forms(tmp_path: Path) -> None:
    show = load(tmp_path, GOOD).show
    assert show.passes[0].shader == "grade"
    assert show.passes[0].values == {"warmth": 0.1}
    assert show.modulation[0].attack == pytest.approx(0.08)
    assert show.modulation[0].release == 2.0
    assert show.walk.speed == 0.3
    assert show.canvas.fps == 30
    assert show.sensors["hall"].type == "simulated"


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("title: Small", "titel: Small"), 2, "titel: is not a key here; did you mean title?"),
        (("speed: 0.3", "speed: fast"), 6, "walk.speed"),
        (("title: Small", "canvas: 5"), 2, "canvas: expected keys with values, such as {key: value}, not 5"),
        (("title: Small", "network: {bend: 4}"), 2, "network.bend: expected a list, not 4"),
        (("speed: 0.3", "speed: .nan"), 6, "walk.speed"),
        (("type: simulated", "type: telepathy"), 5, "there is no type 'telepathy'"),
        (("attack: 80ms", "attack: soon"), 10, "modulation.0.attack"),
        (("from: hall.bass", "from: hall"), 10, "modulation.0.from"),
        (("reverie: 1", "reverie: 2"), 1, "this Reverie reads format 1"),
        (("title: Small", "title: [Small"), 3, "not valid YAML"),
        (("model: museum", "title: again"), 3, "title: stands twice"),
        (("model: museum", "seed: 1"), 1, "model: is missing"),
        (("title: Small", "title: &a Small"), 2, "anchors and aliases"),
        (("title: Small", "title: !!python/object:os.system x"), 2, "tag"),
        (("- grade: {warmth: 0.1}", "- {grade: {}, flow: {}}"), 8, "expected a shader's name"),
        (("out: [0, 0.5]", "lag: 1s"), 10, "give lag, or attack and release, not both"),
        (("- {type: offscreen}", "- {type: offscreen, colour: red}"), 12, "outputs.0.colour: is not a key here"),
    ],
)
def test_each_mistake_names_its_line(tmp_path: Path, change: tuple[str, str], line: int, expected: str) -> None:
    with pytest.raises(ReverieError) as caught:
        load(tmp_path, GOOD.replace(*change))
    complaint = str(caught.value)
    assert f"show.yaml:{line}: " in complaint
    assert expected in complaint


@pytest.mark.parametrize(
    ("walk", "line", "expected"),
    [
        ("{type: passage, passage: 14, stations: [7, 7]}", 6, "walk.stations: 7 follows itself"),
        ("{type: passage, passage: 1}", 6, "walk.passage: "),
        ("\n  type: passage\n  passage: 14\n  stations:\n    - 7\n    - x", 11, "walk.stations.1: "),
    ],
)
def test_a_key_named_like_its_type_is_told_from_it(tmp_path: Path, walk: str, line: int, expected: str) -> None:
    with pytest.raises(ReverieError) as caught:
        load(tmp_path, GOOD.replace("{type: drift, speed: 0.3}", walk))
    assert f"show.yaml:{line}: {expected}" in str(caught.value)


@pytest.mark.parametrize("text", ["", "- 1\n- 2\n", "just words", b"\xff\xfe\x00", "a: " + "[" * 500, "x: y\n" * 60000])
def test_what_is_no_show_at_all_is_one_sentence(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(ReverieError, match=r"show\.yaml"):
        load(tmp_path, text)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReverieError, match=r"nowhere\.yaml: cannot be read"):
        load_show(tmp_path / "nowhere.yaml", kinds())


def test_yaml_surprises_stay_text(tmp_path: Path) -> None:
    show = load(tmp_path, GOOD.replace("title: Small", "title: 12:30")).show
    assert show.title == "12:30"
    assert load(tmp_path, GOOD.replace("title: Small", "title: no")).show.title == "no"


def test_a_thousand_damaged_shows_never_crash(tmp_path: Path) -> None:
    chance = random.Random(1929)
    refused = 0
    for _ in range(1000):
        text = list(GOOD)
        for _ in range(chance.randint(1, 6)):
            text[chance.randrange(len(text))] = chance.choice("\x00\t\n :{}[]-!&*'\"%@é0")
        try:
            load(tmp_path, "".join(text))
        except ReverieError:
            refused += 1
    assert refused > 500


def test_the_json_schema_describes_every_key() -> None:
    schema = json_schema(kinds())
    assert {"reverie", "canvas", "sensors", "walk", "passes", "modulation", "outputs"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False

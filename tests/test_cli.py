"""The commands as a user types them: what works, and one clear sentence for what does not."""

import json
import socket
from pathlib import Path

import pytest

from tests.commands import refused, said
from tests.running import ROOT, reverie

COMMANDS = (
    "run check record safety sensors generate explore convert info export train archive models schema doctor bench"
)
SHOW = """\
reverie: 1
title: Small
canvas: {width: 160, height: 90, fps: 10}
model: museum-128
sensors:
  hall: {type: simulated}
passes:
  - grade
modulation:
  - {from: hall.bass, to: /walk/speed, out: [0, 0.5]}
outputs:
  - {type: offscreen}
panel: null
"""


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def edit(show: Path, old: str, new: str) -> Path:
    text = show.read_text()
    assert old in text
    show.write_text(text.replace(old, new))
    return show


def test_check_accepts_every_show_that_ships() -> None:
    shows = sorted((ROOT / "shows").glob("*.yaml"))
    assert shows
    for path in shows:
        assert said("check", path).splitlines()[-1] == "ok"


def test_the_show_in_the_readme_is_a_valid_one(tmp_path: Path) -> None:
    path = tmp_path / "pigment.yaml"
    path.write_text((ROOT / "README.md").read_text().partition("```yaml\n")[2].partition("```")[0])
    done = reverie("check", str(path))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "from: hall.bass",
            "from: hall.sub",
            "show.yaml:10: modulation.0.from: there is no signal hall.sub; did you mean",
        ),
        ("from: hall.bass", "from: roof.bass", "show.yaml:10: modulation.0.from: there is no signal roof.bass"),
        ("/walk/speed", "/walk/sped", "there is no parameter /walk/sped; did you mean /walk/speed"),
        ("  - grade", "  - graed", "show.yaml:8: passes.0: there is no shader 'graed'"),
        ("  - grade", "  - grade: {warmht: 1}", "show.yaml:8: passes.0.grade.warmht: the shader has no such input"),
        ("  - grade", "  - grade: {warmth: 99}", "show.yaml:8: passes.0.grade.warmth"),
        ("museum-128", "mona-lisa", "show.yaml:4: model: "),
        ("museum-128", "nowhere.safetensors", "show.yaml:4: model: "),
        ("panel: null", "set: {/walk/speed: 50}", "show.yaml:13: set./walk/speed"),
        ("panel: null", "set: {/no/such: 1}", "there is no parameter /no/such"),
        ("type: simulated", "type: telepathy", "show.yaml:6: "),
        ("panel: null", "panel: {host: 0.0.0.0}", "show.yaml:13: panel: "),
        ("panel: null", "panel: {token_file: nowhere}", "show.yaml:13: panel.token_file: "),
        ("- {type: offscreen}", "- {type: window}\n  - {type: window}", "show.yaml:11: outputs: "),
        ("title: Small", "title: Small\nset: {/walk/speed: null}", "show.yaml:3: set./walk/speed"),
        ("fps: 10", "fps: true", "show.yaml:3: canvas.fps"),
        ("width: 160", "width: '160'", "show.yaml:3: canvas.width"),
    ],
)
def test_check_names_file_line_and_key(show: Path, old: str, new: str, expected: str) -> None:
    assert expected in refused("check", str(edit(show, old, new)))


def test_a_shader_that_does_not_compile_is_refused_with_its_line(show: Path) -> None:
    broken = show.with_name("broken.fs")
    broken.write_text('/*{"ISFVSN": "2", "INPUTS": []}*/\nvoid main() {\n  gl_FragColor = vec3(1.0;\n}\n')
    assert "broken.fs:3" in refused("check", str(edit(show, "  - grade", "  - broken.fs")))


def test_a_corrupt_checkpoint_is_refused(show: Path) -> None:
    show.with_name("bad.safetensors").write_bytes(b"\x10" * 100_000)
    done = reverie("run", str(edit(show, "museum-128", "bad.safetensors")), "--offscreen", "--seconds", "2")
    assert done.returncode == 2
    assert "bad.safetensors" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_checkpoint_is_refused_by_every_command(show: Path, tmp_path: Path, damage: str) -> None:
    data = bytearray((ROOT / "models" / "builtin" / "museum-128.safetensors").read_bytes())
    if damage == "cut":
        del data[-1000:]
    else:
        data[-2:] = b"\x00\x7e"  # a NaN in float16
    show.with_name("bad.safetensors").write_bytes(data)
    edit(show, "museum-128", "bad.safetensors")
    for command in (
        ["check"],
        ["run", "--offscreen", "--seconds", "2"],
        ["record", "--seconds", "1", "-o", str(tmp_path / "x.mp4")],
    ):
        assert "show.yaml:4: model: " in refused(command[0], str(show), *command[1:])


def test_a_port_asked_for_and_taken_is_an_error(show: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        edit(show, "panel: null", "panel: {}")
        assert port in refused("run", str(show), "--offscreen", "--seconds", "2", "--port", port)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/walk/speed", "ADDRESS=VALUE"),
        ("/walk/speed=fast", "/walk/speed"),
        ("/walk/sped=1", "no parameter /walk/sped"),
    ],
)
def test_set_refuses_what_it_cannot_mean(show: Path, text: str, expected: str) -> None:
    assert expected in refused("run", str(show), "--offscreen", "--seconds", "2", "--set", text)


def test_a_run_ends_by_itself_and_says_what_it_found(show: Path) -> None:
    done = reverie("run", str(show), "--offscreen", "--seconds", "3", "--set", "/walk/speed=0.4")
    assert done.returncode == 0, done.stderr
    assert "Small" in done.stdout
    assert "offscreen" in done.stdout
    assert "simulated gallery-day" in done.stdout


STROBE = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/
void main() { gl_FragColor = vec4(vec3(FRAMEINDEX % 2), 1.0); }
"""


def test_a_run_that_ends_while_flashes_are_limited_says_so(show: Path, tmp_path: Path) -> None:
    (tmp_path / "strobe.fs").write_text(STROBE)
    edit(show, "- grade", "- strobe.fs")
    done = reverie("run", str(edit(show, "fps: 10", "fps: 30")), "--offscreen", "--seconds", "4")
    assert done.returncode == 0, done.stderr
    told = done.stdout + done.stderr
    assert told.index("flashes are limited") < told.index("no flashes to limit any more")


def test_record_writes_a_video_of_the_asked_length_twice_the_same(show: Path, tmp_path: Path) -> None:
    import av

    pictures = []
    for name in ("a.mp4", "b.mp4"):
        done = reverie("record", str(show), "--seconds", "2", "-o", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        with av.open(str(tmp_path / name)) as video:
            pictures.append([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])
    assert len(pictures[0]) == 20
    assert all((a == b).all() for a, b in zip(*pictures, strict=True))
    assert (pictures[0][0] != pictures[0][-1]).any()
    assert pictures[0][-1].mean() > 5


def test_sensors_prints_every_signal(show: Path) -> None:
    done = reverie("sensors", str(show), "--seconds", "1")
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("hall.bass", "hall.temperature", "°C", "simulated"))


def test_schema_is_json_schema(tmp_path: Path) -> None:
    target = tmp_path / "schema.json"
    said("schema", "-o", target)
    assert json.loads(target.read_text())["properties"]["reverie"]["const"] == 1


def test_the_schema_beside_the_shows_is_the_current_one() -> None:
    assert said("schema") == (ROOT / "shows" / "show.schema.json").read_text(), (
        "run `reverie schema -o shows/show.schema.json`"
    )


def test_doctor_says_what_there_is() -> None:
    done = reverie("doctor")
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("OpenGL", "sound", "serial", "camera", "CUDA", "disk"))


def test_bench_measures_a_show(show: Path) -> None:
    for seconds in ("10", "30", "90"):  # until the generator was ready and its settling over
        done = reverie("bench", "pipeline", str(show), "--seconds", seconds, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        if report.get("dream_frames"):
            break
    assert report["presented_fps"] > 0
    assert report["dream_frames"] > 0
    assert report["first_frame_s"] > 0


def test_generate_draws_a_grid(tmp_path: Path) -> None:
    from PIL import Image

    target = tmp_path / "grid.png"
    done = reverie("generate", "museum-128", "--seeds", "0-3", "--trunc", "0.7", "-o", str(target))
    assert done.returncode == 0, done.stderr
    with Image.open(target) as grid:
        assert grid.size == (256, 256)
    assert "seeds" in refused("generate", "museum-128", "--seeds", "x-3", "-o", str(target))
    assert "mona" in refused("generate", "mona-lisa", "-o", str(target))


@pytest.mark.parametrize("command", COMMANDS.split())
def test_every_command_helps(command: str) -> None:
    assert "Usage" in said(command, "--help")


def test_the_program_helps() -> None:
    done = reverie("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS.split())

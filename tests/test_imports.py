"""Who may import whom: the walls between the rooms."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "models", "sensors")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

COMPOSERS = {
    f"engine.{name}"
    for name in ("app", "build", "live", "network", "work", "cli", "bench", "doctor", "archive", "cli_archive")
}
COMPOSERS |= {"engine.checking", "engine.directions", "engine.feed", "engine.stage", "engine.benchmark.picture"}
COMPOSERS |= {"engine.benchmark.safety"}
LEAVES = {"engine", "engine.clock", "engine.commands", "engine.declare", "engine.errors", "engine.files"}
LEAVES |= {"engine.easing", "engine.modulation", "engine.plugins", "engine.pacing", "engine.params", "engine.signals"}
LEAVES |= {"engine.flashes.definition", "engine.flashes.geometry"}
ROOMS = ("engine.show", "engine.walk", "engine.dream", "engine.render", "engine.outputs", "engine.control")
ONLY_IN = {
    "moderngl": ("engine.render", "engine.outputs"),
    "glfw": ("engine.render", "engine.outputs"),
    "av": ("engine.outputs", "engine.flashes"),
    "starlette": ("engine.control",),
    "uvicorn": ("engine.control",),
    "torch": ("models", "engine.dream", "engine.walk"),
    "yaml": ("engine.show",),
    "typer": (
        "engine.cli",
        "engine.cli_archive",
        "engine.cli_metrics",
        "engine.archive",
        "engine.cli_explore",
        "engine.cli_models",
        "engine.cli_safety",
        "engine.cli_train",
    ),
}
UNPICKLES = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
RUNS_FOREIGN_CODE = ("models.benchmark",)  # measures other people's code, given by the user for that
DEVICE_LIBRARIES = ("sounddevice", "serial", "cv2")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module a file imports, and whether at import time."""
    tree = ast.parse(path.read_text())
    inside = {id(n) for node in ast.walk(tree) if is_left_for_later(node) for n in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                known = (ROOT / whole.replace(".", "/")).with_suffix(".py").exists()
                yield (whole if known else node.module), id(node) not in inside


def is_left_for_later(node: ast.AST) -> bool:
    """Whether what this holds is not run when the file is imported: functions, and what only type checkers read."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    me = module_name(path)
    for name, at_import in imported(path):
        top = name.partition(".")[0]
        if me.startswith(("models", "sensors")):
            others = [p for p in PACKAGES if not me.startswith(p)]
            assert top not in others, f"{me} imports {name}"
        if top in ONLY_IN:
            assert within(me, ONLY_IN[top]) or me in COMPOSERS, f"{me} imports {name}"
        if me.startswith("sensors") and top in DEVICE_LIBRARIES and name != "sensors":
            assert not at_import, f"{me} imports {name} before its open()"
        if top == "engine" and me not in COMPOSERS:
            mine = next((room for room in ROOMS if within(me, (room,))), None)
            theirs = next((room for room in ROOMS if within(name, (room,))), None)
            allowed = (theirs is None and name in LEAVES) or theirs == mine or (mine is None and theirs is None)
            drawing = mine == "engine.outputs" and theirs == "engine.render"
            assert allowed or drawing or name == "engine.control.hub", f"{me} imports {name} across rooms"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_nothing_is_unpickled(path: Path) -> None:
    if within(module_name(path), RUNS_FOREIGN_CODE):
        return
    assert not {name.partition(".")[0] for name, _ in imported(path)} & UNPICKLES
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr == "load" and isinstance(node.value, ast.Name):
            assert node.value.id not in ("torch", "np"), f"{path.name}:{node.lineno} may unpickle"


def test_no_import_cycles() -> None:
    graph = {module_name(p): {n for n, at_import in imported(p) if at_import} for p in FILES}
    graph = {me: {n for n in names if n in graph and n != me} for me, names in graph.items()}
    while leaves := [me for me, names in graph.items() if not names]:
        for leaf in leaves:
            del graph[leaf]
        graph = {me: {n for n in names if n in graph} for me, names in graph.items()}
    assert not graph, f"these modules import each other in a circle: {graph}"


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("engine.cli", ("torch", "moderngl", "cv2", "sounddevice", "starlette")),
        ("engine.show.loader", ("torch", "moderngl", "cv2", "sounddevice")),
        ("sensors.registry", ("torch", "engine", "models", "cv2", "sounddevice")),
        ("models", ("engine", "sensors", "torch")),
        ("engine.dream.worker", ("moderngl", "glfw", "starlette", "sensors")),
    ],
)
def test_importing_one_room_does_not_load_another(module: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(' '.join(m for m in {unwanted!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []

"""Where shaders are found: by name in the shaders folder, or by path below the show file's folder."""

import re
from pathlib import Path

from engine.errors import ReverieError
from engine.render.files import exists, resolve_within

SHADERS = Path(__file__).resolve().parents[2] / "shaders"

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")


def find_shader(text: str, show_folder: Path | None = None) -> Path:
    """The file of a pass, `flow` or `mine/veil.fs`. Raises ReverieError naming what there is."""
    if _NAME.match(text):
        return _by_name(text)
    if not text.endswith(".fs") or show_folder is None:
        raise ReverieError(f"{text!r} names no shader; write a name from {SHADERS} or a path ending in .fs")
    file = resolve_within(show_folder, text)
    if file is None:
        folder = show_folder.resolve()
        raise ReverieError(f"shader {text!r} lies outside {folder}, the show file's folder; move it there")
    if not exists(file):
        raise ReverieError(f"shader {text!r} is not in {show_folder.resolve()}; check its name")
    return file


def shader_names() -> list[str]:
    """What may be named in a show file without a path."""
    return sorted(file.stem for file in SHADERS.glob("*.fs"))


def _by_name(name: str) -> Path:
    file = SHADERS / f"{name}.fs"
    if not exists(file):
        raise ReverieError(f"there is no shader {name!r} in {SHADERS}; there are {', '.join(shader_names()) or 'none'}")
    return file

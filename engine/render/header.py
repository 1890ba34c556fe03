"""Reads the JSON header of an ISF shader, versions 1 and 2. Everything wrong with it is one IsfError, with its line."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from engine.render.expressions import Expression, ExpressionError, parse
from engine.render.inputs import read_input
from engine.render.isf import BUILT_INS, Input, IsfError, PassSpec, Shader

LARGEST_FILE = 1 << 20  # bytes

_HEADER = re.compile(r"\A\ufeff?\s*/\*(?P<json>.*?)\*/", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


def load(path: Path) -> Shader:
    """Read and parse one `.fs` file, with the `.vs` beside it if there is one. Raises IsfError."""
    vertex = path.with_suffix(".vs")
    return parse_shader(_read(path), path, _read(vertex) if vertex.is_file() else None)


def parse_shader(text: str, path: Path, vertex: str | None = None) -> Shader:
    """Parse the text of a `.fs` file; `path` is for messages and imported pictures. Raises IsfError."""
    match = _HEADER.match(text)
    if match is None:
        raise IsfError(f"{path}:1: no ISF header; the file must begin with /*{{ JSON }}*/")
    body_line = text.count("\n", 0, match.end()) + 1
    first_line = text.count("\n", 0, match.start("json")) + 1
    header = _HeaderReader(path, match["json"], first_line)
    return header.shader(text[match.end() :], body_line, vertex)


def _read(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise IsfError(f"{path}: {size} bytes are more than the {LARGEST_FILE} a shader may have")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise IsfError(f"{path}: cannot be read: {error.strerror}") from None


class _HeaderReader:
    """Turns one header into a Shader, and knows the line of what it is reading."""

    def __init__(self, path: Path, text: str, first_line: int) -> None:
        self._path = path
        self._text = text
        self._first_line = self._line = first_line
        self._header = self._json()

    def shader(self, body: str, body_line: int, vertex: str | None) -> Shader:
        inputs = tuple(self._input(raw) for raw in self._list("INPUTS"))
        imported = self._imported()
        passes = self._passes()
        targets = list(dict.fromkeys(p.target for p in passes if p.target))
        self._unique([*(i.name for i in inputs), *imported, *targets])
        description = str(self._header.get("DESCRIPTION", ""))
        return Shader(self._path, description, inputs, passes, imported, body, body_line, vertex)

    def _fail(self, sentence: str) -> NoReturn:
        raise IsfError(f"{self._path}:{self._line}: {sentence}")

    def _json(self) -> dict[str, Any]:
        try:
            header = json.loads(self._text, parse_constant=lambda name: self._fail(f"{name} is no number in JSON"))
        except json.JSONDecodeError as error:
            self._line += error.lineno - 1
            self._fail(f"the ISF header is not valid JSON: {error.msg} at column {error.colno}")
        except (RecursionError, ValueError):
            self._fail("the ISF header is nested too deeply, or holds a number of thousands of digits")
        if not isinstance(header, dict):
            self._fail("the ISF header must be a JSON object { … }")
        return header

    def _go_to(self, pattern: str) -> None:
        """Make the first line that matches the one errors name."""
        found = re.search(pattern, self._text)
        self._line = self._first_line + (self._text.count("\n", 0, found.start()) if found else 0)

    def _list(self, key: str) -> list[dict[str, Any]]:
        self._go_to(rf'"{key}"')
        entries = self._header.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._fail(f"{key} must be a list of objects")
        return entries

    def _name(self, raw: object, what: str) -> str:
        if not isinstance(raw, str) or not _NAME.match(raw) or raw.startswith("gl_") or raw in BUILT_INS:
            self._fail(f"{raw!r} cannot be the name of {what}; use letters, digits and _, and none of the built-ins")
        return raw

    def _unique(self, names: Sequence[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                self._go_to(rf'"{name}"')
                self._fail(f"the name {name!r} is used twice among inputs, imported pictures and pass targets")

    def _input(self, raw: dict[str, Any]) -> Input:
        name = self._name(raw.get("NAME"), "an input")
        self._go_to(rf'"NAME"\s*:\s*"{name}"')
        return read_input(name, raw, self._fail)

    def _passes(self) -> tuple[PassSpec, ...]:
        kept = self._persistent_buffers()
        passes = tuple(self._pass(raw, kept) for raw in self._list("PASSES"))
        return passes or (PassSpec(),)

    def _persistent_buffers(self) -> dict[str, dict[str, Any]]:
        """ISF 1 lists the buffers that last apart from the passes: as names, or as objects with their size."""
        raw = self._header.get("PERSISTENT_BUFFERS") or {}
        self._go_to('"PERSISTENT_BUFFERS"')
        if isinstance(raw, list):
            raw = {str(name): {} for name in raw}
        if not isinstance(raw, dict) or not all(isinstance(value, dict) for value in raw.values()):
            self._fail("PERSISTENT_BUFFERS must be a list of names or an object of objects")
        return raw

    def _pass(self, raw: dict[str, Any], kept: Mapping[str, dict[str, Any]]) -> PassSpec:
        target = raw.get("TARGET")
        if not target:
            return PassSpec()
        target = self._name(target, "a pass target")
        merged = {**kept.get(target, {}), **raw}
        persistent = target in kept or bool(merged.get("PERSISTENT"))
        size = (self._size(merged, "WIDTH"), self._size(merged, "HEIGHT"))
        return PassSpec(target, persistent, bool(merged.get("FLOAT")), *size)

    def _size(self, raw: dict[str, Any], key: str) -> Expression | None:
        value = raw.get(key)
        if value is None or value == "":
            return None
        self._go_to(rf'"{key}"\s*:\s*"?{re.escape(str(value))}')
        try:
            return parse(str(value))
        except ExpressionError as error:
            self._fail(f"{key}: {error}")

    def _imported(self) -> dict[str, Path]:
        raw = self._header.get("IMPORTED") or {}
        self._go_to('"IMPORTED"')
        if isinstance(raw, list):  # ISF 1
            raw = {entry.get("NAME"): entry for entry in raw if isinstance(entry, dict)}
        if not isinstance(raw, dict) or not all(isinstance(entry, dict) for entry in raw.values()):
            self._fail('IMPORTED must be an object like {"name": {"PATH": "file.png"}}')
        return {self._name(name, "an imported picture"): self._picture(entry) for name, entry in raw.items()}

    def _picture(self, entry: dict[str, Any]) -> Path:
        folder = self._path.parent.resolve()
        file = (folder / str(entry.get("PATH", ""))).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            self._fail(f"IMPORTED picture {entry.get('PATH')!r} is no file in the shader's folder")
        return file

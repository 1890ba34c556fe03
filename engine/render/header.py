"""Reads the JSON header of an ISF shader, versions 1 and 2. Everything wrong with it is one IsfError, with its line."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sized
from pathlib import Path
from typing import Any, NoReturn

from engine.render.budgets import (
    DEEPEST,
    LARGEST_FILE,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_INPUTS,
    MOST_PASSES,
    MOST_PICTURES,
    MOST_TARGETS,
    TARGET_BYTES,
)
from engine.render.expressions import Expression, ExpressionError, parse
from engine.render.files import exists, read_text, resolve_within
from engine.render.inputs import read_input
from engine.render.isf import BUILT_INS, Input, IsfError, PassSpec, Shader, Sources, shown
from engine.render.sizes import CHECKED_SIZE, bytes_of, declared_sizes

_HEADER = re.compile(r"\A\ufeff?\s*/\*(?P<json>.*?)\*/", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


def load(path: Path) -> Shader:
    """Read and parse one `.fs` file, with the `.vs` beside it if there is one. Raises IsfError."""
    vertex = path.with_suffix(".vs")
    text = read_text(path, LARGEST_FILE)
    return parse_shader(text, path, read_text(vertex, LARGEST_FILE) if exists(vertex) else None)


def parse_shader(text: str, path: Path, vertex: str | None = None) -> Shader:
    """Parse the text of a `.fs` file; `path` is for messages and imported pictures. Raises IsfError.

    Takes time in proportion to the text, whatever it holds: an edit is read between two frames.
    """
    match = _HEADER.match(text)
    if match is None:
        raise IsfError(f"{path}:1: no ISF header; the file must begin with /*{{ JSON }}*/")
    body_line = text.count("\n", 0, match.end()) + 1
    first_line = text.count("\n", 0, match.start("json")) + 1
    header = _HeaderReader(path, match["json"], first_line)
    return header.shader(text[match.end() :], body_line, (text, vertex))


class _HeaderReader:
    """Turns one header into a Shader, and knows where it is reading."""

    def __init__(self, path: Path, text: str, first_line: int) -> None:
        self._path = path
        self._text = text
        self._first_line = first_line
        self._place = r"\S"
        self._header = self._json()

    def shader(self, body: str, body_line: int, sources: Sources) -> Shader:
        inputs = tuple(self._input(raw) for raw in self._list("INPUTS", MOST_INPUTS))
        imported = self._imported()
        passes = self._passes()
        targets = list(dict.fromkeys(p.target for p in passes if p.target))
        self._within("PASSES", "different TARGETs", targets, MOST_TARGETS)
        self._unique([*(i.name for i in inputs), *imported, *targets])
        shader = Shader(self._path, self._description(), inputs, passes, imported, body, body_line, sources)
        self._check_sizes(shader)
        return shader

    def _fail(self, sentence: str) -> NoReturn:
        """The line is looked for only now: a search for each input would read the text hundreds of times."""
        found = re.search(self._place, self._text)
        self._fail_at(found.start() if found else 0, sentence)

    def _fail_at(self, position: int, sentence: str) -> NoReturn:
        line = self._first_line + self._text.count("\n", 0, position)
        raise IsfError(f"{self._path}:{line}: {sentence}")

    def _json(self) -> dict[str, Any]:
        try:
            header = json.loads(self._text, parse_constant=lambda name: self._fail(f"{name} is no number in JSON"))
        except json.JSONDecodeError as error:
            self._fail_at(error.pos, f"the ISF header is not valid JSON: {error.msg} at column {error.colno}")
        except (RecursionError, ValueError):
            self._fail("the ISF header is nested too deeply, or holds a number of thousands of digits")
        if not isinstance(header, dict):
            self._fail("the ISF header must be a JSON object { … }")
        if _deeper_than(header, DEEPEST):
            self._fail(f"the ISF header is nested too deeply; {DEEPEST} levels are the most")
        return header

    def _go_to(self, pattern: str) -> None:
        """Make the first line that matches the one errors name."""
        self._place = pattern

    def _list(self, key: str, most: int) -> list[dict[str, Any]]:
        self._go_to(rf'"{key}"')
        entries = self._header.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._fail(f"{key} must be a list of objects")
        self._within(key, "entries", entries, most)
        return entries

    def _within(self, key: str, what: str, entries: Sized, most: int) -> None:
        self._go_to(rf'"{key}"')
        if len(entries) > most:
            self._fail(f"{key} has {len(entries)} {what}; a shader may have {most}")

    def _description(self) -> str:
        self._go_to('"DESCRIPTION"')
        text = str(self._header.get("DESCRIPTION", ""))
        if len(text) > LONGEST_TEXT:
            self._fail(f"DESCRIPTION has {len(text)} characters; {LONGEST_TEXT} are the most")
        return text

    def _name(self, raw: object, what: str) -> str:
        fits = isinstance(raw, str) and len(raw) <= LONGEST_NAME and _NAME.match(raw)
        if not isinstance(raw, str) or not fits or raw.startswith("gl_") or raw in BUILT_INS:
            rule = f"use letters, digits and _, {LONGEST_NAME} at most, and none of the built-ins"
            self._fail(f"{shown(raw)} cannot be the name of {what}; {rule}")
        return raw

    def _unique(self, names: Iterable[str]) -> None:
        for name, times in Counter(names).items():
            if times > 1:
                self._go_to(rf'"{name}"')
                self._fail(f"the name {name!r} is used twice among inputs, imported pictures and pass targets")

    def _check_sizes(self, shader: Shader) -> None:
        self._go_to('"PASSES"')
        try:
            sizes = declared_sizes(shader, CHECKED_SIZE, {i.name: i.default for i in shader.inputs})
        except ExpressionError as error:
            self._fail(str(error))
        wanted = bytes_of(shader, sizes)
        if wanted > TARGET_BYTES:
            asked = f"the pass targets take {wanted >> 20} MiB in a picture of {CHECKED_SIZE[0]}×{CHECKED_SIZE[1]}"
            self._fail(f"{asked}; {TARGET_BYTES >> 20} are the most; make WIDTH and HEIGHT smaller")

    def _input(self, raw: dict[str, Any]) -> Input:
        name = self._name(raw.get("NAME"), "an input")
        self._go_to(rf'"NAME"\s*:\s*"{name}"')
        return read_input(name, raw, self._fail)

    def _passes(self) -> tuple[PassSpec, ...]:
        kept = self._persistent_buffers()
        passes = tuple(self._pass(raw, kept) for raw in self._list("PASSES", MOST_PASSES))
        return passes or (PassSpec(),)

    def _persistent_buffers(self) -> dict[str, dict[str, Any]]:
        """ISF 1 lists the buffers that last apart from the passes: as names, or as objects with their size."""
        raw = self._header.get("PERSISTENT_BUFFERS") or {}
        self._go_to('"PERSISTENT_BUFFERS"')
        if isinstance(raw, list):
            raw = {name: {} for name in raw if isinstance(name, str)}
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
        text = str(value)
        self._go_to(rf'"{key}"\s*:\s*"?{re.escape(text[:LONGEST_NAME])}')
        try:
            return parse(text)
        except ExpressionError as error:
            self._fail(f"{key}: {error}")

    def _imported(self) -> dict[str, Path]:
        raw = self._header.get("IMPORTED") or {}
        self._go_to('"IMPORTED"')
        if isinstance(raw, list):  # ISF 1
            raw = {str(entry.get("NAME", "")): entry for entry in raw if isinstance(entry, dict)}
        if not isinstance(raw, dict) or not all(isinstance(entry, dict) for entry in raw.values()):
            self._fail('IMPORTED must be an object like {"name": {"PATH": "file.png"}}')
        self._within("IMPORTED", "pictures", raw, MOST_PICTURES)
        return {self._name(name, "an imported picture"): self._picture(entry) for name, entry in raw.items()}

    def _picture(self, entry: dict[str, Any]) -> Path:
        text = entry.get("PATH")
        if not isinstance(text, str):
            self._fail(f"IMPORTED has the PATH {shown(text)}; write the name of one picture, cube maps are not known")
        try:
            file = resolve_within(self._path.parent, text)
            found = file is not None and exists(file)
        except IsfError as error:
            self._fail(f"IMPORTED picture {error}")
        if file is None or not found:
            self._fail(f"IMPORTED picture {shown(text)} is no file in the shader's folder")
        return file


def _deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects lie in each other more than so many levels."""
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _children(outer)]
    return any(isinstance(inner, dict | list) for inner in level)


def _children(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()

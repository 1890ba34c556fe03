"""YAML text to plain data, remembering the line of every key.

Safe by construction: only scalars, lists and mappings of the YAML 1.2 core schema (so `on`, `no` and `12:30` stay
text), no tags, no anchors, no duplicate keys, no characters that a path or a terminal cannot take, bounded size, depth
and number of values.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.errors import ReverieError, shortened
from engine.files import read_file

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_VALUES = 20_000  # keys count too; the largest show that passes all other bounds has about half as many

Where = tuple[str | int, ...]

_SCALARS = (
    (re.compile(r"(~|null|Null|NULL|)\Z"), lambda text: None),
    (re.compile(r"(true|True|TRUE|false|False|FALSE)\Z"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,18}\Z"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z"), float),
)

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")  # what only an escape such as "\0" can write

_PLAIN_NAMES = ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in _PLAIN_NAMES}  # what PyYAML gives to untagged nodes


@dataclass(slots=True)
class Document:
    """Parsed data and where each part of it stands. Lines count from 1."""

    path: Path
    text: str = ""
    data: object = None
    lines: dict[Where, int] = field(default_factory=dict)

    def line(self, where: Where) -> int:
        """The line of the innermost part of `where` that the file really holds."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def error(self, where: Where, complaint: str) -> str:
        """`file:line: key: complaint`."""
        key = ".".join(shortened(str(part)) for part in where)
        return f"{self.path}:{self.line(where)}: " + (f"{key}: {complaint}" if key else complaint)


def read(path: Path, text: str | None = None) -> Document:
    """Parse a file, or `text` in place of what it holds now. Raises ReverieError with file and line."""
    text = _text(path) if text is None else text
    document = Document(path, text)
    node = _composed(path, text)
    document.data = _plain(document, node, ()) if node is not None else None
    return document


def _text(path: Path) -> str:
    raw = read_file(path, MAX_BYTES, "give the path of a show file")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReverieError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None


def _composed(path: Path, text: str) -> yaml.Node | None:
    loader = None
    try:
        loader = _Bounded(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ReverieError(f"{path}:{line}: not valid YAML: character #x{error.character:04x} is not allowed") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ReverieError(f"{path}:{line}: not valid YAML: {error.problem or error.context}") from None
    except RecursionError:
        raise ReverieError(f"{path}: not valid YAML: nested deeper than {MAX_DEPTH} levels") from None
    except (ValueError, OverflowError):  # of PyYAML: an escape beyond Unicode, a version of thousands of digits
        line = loader.line + 1 if loader else 1
        raise ReverieError(f"{path}:{line}: not valid YAML: a number there is too large") from None


class _Bounded(yaml.SafeLoader):
    """Composes no aliases, and no more values than a show has."""

    values = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not used in show files; write the value out",
                problem_mark=event.start_mark,
            )
        self.values += 1
        if self.values > MAX_VALUES:
            raise yaml.MarkedYAMLError(
                problem=f"more than {MAX_VALUES} keys and values; a show file has fewer", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)  # type: ignore[arg-type]


def _plain(document: Document, node: yaml.Node, where: Where) -> object:
    document.lines.setdefault(where, node.start_mark.line + 1)
    if len(where) > MAX_DEPTH:
        raise ReverieError(document.error(where[:4], f"nested deeper than {MAX_DEPTH} levels"))
    if node.tag not in _PLAIN_TAGS:
        raise ReverieError(document.error(where, f"the tag {node.tag} is not used in show files; remove it"))
    if isinstance(node, yaml.MappingNode):
        return _mapping(document, node, where)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(document, item, (*where, i)) for i, item in enumerate(node.value)]
    return _scalar(document, node, where)


def _mapping(document: Document, node: yaml.MappingNode, where: Where) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ReverieError(f"{document.path}:{line}: a key must be plain text")
        key = str(key_node.value)
        if _UNUSABLE.search(key):
            raise ReverieError(f"{document.path}:{line}: a key holds {_unusable(key)}; write it without")
        if key in result:
            raise ReverieError(f"{document.path}:{line}: {shortened(key)}: stands twice in the same place; keep one")
        document.lines[(*where, key)] = line
        result[key] = _plain(document, value_node, (*where, key))
    return result


def _scalar(document: Document, node: yaml.Node, where: Where) -> object:
    text = str(node.value)
    if _UNUSABLE.search(text):
        raise ReverieError(document.error(where, f"holds {_unusable(text)}; write it without"))
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return text
    return parse_scalar(text)


def _unusable(text: str) -> str:
    found = _UNUSABLE.search(text)
    return "a NUL" if found and found[0] == "\0" else "half a character (a surrogate)"


def parse_scalar(text: str) -> object:
    """What unquoted text stands for: null, a boolean, a number, or itself."""
    for pattern, convert in _SCALARS:
        if pattern.match(text):
            return convert(text)
    return text

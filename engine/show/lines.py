"""YAML text to plain data, remembering the line of every key.

Safe by construction: only scalars, lists and mappings of the YAML 1.2 core schema (so `on`, `no` and `12:30` stay
text), no tags, no anchors, no duplicate keys, bounded size and depth.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.errors import ReverieError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16

Where = tuple[str | int, ...]

_SCALARS = (
    (re.compile(r"(~|null|Null|NULL|)\Z"), lambda text: None),
    (re.compile(r"(true|True|TRUE|false|False|FALSE)\Z"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,18}\Z"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z"), float),
)

_PLAIN_NAMES = ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in _PLAIN_NAMES}  # what PyYAML gives to untagged nodes


@dataclass(slots=True)
class Document:
    """Parsed data and where each part of it stands. Lines count from 1."""

    path: Path
    data: object = None
    lines: dict[Where, int] = field(default_factory=dict)

    def line(self, where: Where) -> int:
        """The line of the innermost part of `where` that the file really holds."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def error(self, where: Where, complaint: str) -> str:
        """`file:line: key: complaint`."""
        key = ".".join(str(part) for part in where)
        return f"{self.path}:{self.line(where)}: " + (f"{key}: {complaint}" if key else complaint)


def read(path: Path) -> Document:
    """Parse a file. Raises ReverieError with file and line."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReverieError(f"{path}: cannot be read ({error.strerror}); give the path of a show file") from None
    if len(raw) > MAX_BYTES:
        raise ReverieError(f"{path}: this is no show file; one has {MAX_BYTES} bytes at most")
    document = Document(path)
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=_NoAliases)
    except UnicodeDecodeError as error:
        raise ReverieError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ReverieError(f"{path}:{line}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ReverieError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    document.data = _plain(document, node, ()) if node is not None else None
    return document


class _NoAliases(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not used in show files; write the value out",
                problem_mark=event.start_mark,
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
    return _scalar(node)


def _mapping(document: Document, node: yaml.MappingNode, where: Where) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ReverieError(f"{document.path}:{line}: a key must be plain text")
        key = str(key_node.value)
        if key in result:
            raise ReverieError(f"{document.path}:{line}: {key}: stands twice in the same place; keep one")
        document.lines[(*where, key)] = line
        result[key] = _plain(document, value_node, (*where, key))
    return result


def _scalar(node: yaml.Node) -> object:
    text = str(node.value)
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return text
    return parse_scalar(text)


def parse_scalar(text: str) -> object:
    """What unquoted text stands for: null, a boolean, a number, or itself."""
    for pattern, convert in _SCALARS:
        if pattern.match(text):
            return convert(text)
    return text

"""A show file from disk, checked whole: every complaint names file, line, key and what was expected."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.errors import ReverieError, shortened
from engine.show import lines
from engine.show.schema import Kinds, Show, show_model

MAX_COMPLAINTS = 12

_PLAIN = {
    "extra_forbidden": "is not a key here",
    "missing": "is missing",
    "union_tag_not_found": "needs a `type`",
}
_EXPECTED = {
    "model_type": "expected keys with values, such as {key: value}",
    "dict_type": "expected keys with values, such as {key: value}",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
}


@dataclass(frozen=True, slots=True)
class LoadedShow:
    """A valid show with the document it came from, so that later complaints can name lines too.

    `model` is the network by name or path: what the show says, or what was chosen from the registry it follows.
    """

    show: Show
    document: lines.Document
    model: str = ""

    @property
    def path(self) -> Path:
        return self.document.path

    def error(self, where: lines.Where, complaint: str) -> ReverieError:
        """An error about one place of the file."""
        return ReverieError(self.document.error(where, complaint))


def load_show(path: Path, kinds: Kinds, text: str | None = None) -> LoadedShow:
    """Read and validate a show file, or `text` in place of what it holds now. Raises ReverieError with one line per
    complaint.
    """
    document = lines.read(path, text)
    if not isinstance(document.data, dict):
        raise ReverieError(f"{path}:1: a show file is a list of `key: value` lines; see shows/first-light.yaml")
    model = show_model(kinds)
    try:
        show = model.model_validate(document.data)
    except ValidationError as error:
        raise ReverieError(_complaints(document, model, error)) from None
    return LoadedShow(show, document, show.model if isinstance(show.model, str) else "")


def _complaints(document: lines.Document, model: type[Show], error: ValidationError) -> str:
    """The first of them in the order of the file. Only those are worded: there may be as many as values."""
    found = [(_place(document.data, detail["loc"]), detail) for detail in error.errors(include_url=False)]
    found.sort(key=lambda each: document.line(each[0]))
    texts: dict[str, None] = {}
    for told, (where, detail) in enumerate(found):
        if len(texts) == MAX_COMPLAINTS:
            return "\n".join([*texts, f"… and {len(found) - told} more"])
        texts[document.error(where, _sentence(model, where, detail))] = None
    return "\n".join(texts)


def _place(data: object, loc: tuple[str | int, ...]) -> lines.Where:
    """The path in the file that a validation location stands for: union tags and member names are not in the file."""
    where: list[str | int] = []
    tag_due = True  # once for each part of the file; it may be the name of a key too
    for i, part in enumerate(loc):
        if tag_due and isinstance(data, dict) and part == data.get("type"):
            tag_due = False
            continue
        tag_due = True
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif i < len(loc) - 1:
            continue
        elif not isinstance(data, dict):
            break
        where.append(part)
    return tuple(where)


def _sentence(model: type[Show], where: lines.Where, detail: Any) -> str:
    kind, given = detail["type"], detail.get("input")
    if kind in _PLAIN:
        return _PLAIN[kind] + (_hint(model, where) if kind == "extra_forbidden" else "")
    if kind == "union_tag_invalid":
        return f"there is no type {_quoted(detail['ctx']['tag'])}; expected one of {detail['ctx']['expected_tags']}"
    message = _EXPECTED.get(kind, detail["msg"].removeprefix("Value error, "))
    message = message[0].lower() + message[1:]
    return message if isinstance(given, dict | list) else f"{message}, not {_quoted(given)}"


def _quoted(given: object) -> str:
    return repr(shortened(given) if isinstance(given, str) else given)


def _hint(model: type[Show], where: lines.Where) -> str:
    if len(where) != 1:
        return "; remove or correct it"
    near = difflib.get_close_matches(shortened(str(where[0])), model.model_fields, n=1)
    return f"; did you mean {near[0]}?" if near else "; expected one of " + ", ".join(model.model_fields)

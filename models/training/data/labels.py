"""Which class each picture of a set belongs to: from dataset.json, a column, a shard, or the folders' names."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from models.mapping import MOST_CLASSES
from models.training.config import TrainingError
from models.training.data.metadata import text_of
from models.training.data.source import Facts, Source, shown

SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}  # folders, no classes
NUMBERED = re.compile("[0-9]{5}")  # as StyleGAN's tools name folders of a thousand


@dataclass(frozen=True)
class Labels:
    """A class for each picture, from 0; `names` are those of the classes where the set has names for them."""

    numbers: Sequence[int]
    classes: int
    names: tuple[str, ...] = ()


def labels_of(source: Source, facts: Facts) -> Labels | None:
    """None where the set has none. Raises TrainingError where only some pictures have one."""
    listed = _dataset_json(source)
    if listed is not None:
        return _listed(source, listed)
    told = {name: fact.get("class", fact.get("label")) for name, fact in facts.items()}
    found = {name: label for name, label in told.items() if label not in (None, "")}
    if found or source.facts:
        return _labels(source, found)
    return _by_folder(source) if not facts else None


def check_names(source: Source) -> None:
    """Of labels that nobody asks for: raise TrainingError where they are of other pictures than there are."""
    table = _dataset_json(source)
    if table is None:
        return
    try:
        content = json.loads(text_of(source, table))
        found = {str(PurePosixPath(table).parent / name): label for name, label in content["labels"]}
    except (TrainingError, ValueError, TypeError, KeyError, RecursionError):
        return  # no list of labels as one knows it: what it says does not matter here
    _check_there(source, table, found)
    _check_all(source, {name: label for name, label in found.items() if label is not None})


def _dataset_json(source: Source) -> str | None:
    """The outermost."""
    listed = [table for table in source.tables if PurePosixPath(table).name == "dataset.json"]
    return min(listed, key=lambda table: (table.count("/"), table), default=None)


def _listed(source: Source, table: str) -> Labels | None:
    """From dataset.json: {"labels": [[name, number], …]}, names as seen from where it lies."""
    where, folder = source.where(table), PurePosixPath(table).parent
    entries = _entries(text_of(source, table), where)
    if entries is None:
        return None
    found: dict[str, int] = {}
    for entry in entries:
        name, number = _pair(entry, where)
        if found.setdefault(str(folder / name), number) != number:
            raise TrainingError(
                f"{where} labels {shown(name)} twice, as {found[str(folder / name)]} and {number}; mend it"
            )
    _check_there(source, table, found)
    return _labels(source, found)


def _check_there(source: Source, table: str, found: Mapping[str, Any]) -> None:
    missing = sorted(found.keys() - set(source.names))
    if missing:
        raise TrainingError(
            f"{source.where(table)} names pictures that are not there: {shown(missing[0])}, {len(missing)} in all;"
            " add them, or take them out of it"
        )


def _check_all(source: Source, found: Mapping[str, Any]) -> None:
    unlabelled = [name for name in source.names if name not in found]
    if found and unlabelled:
        raise TrainingError(
            f"{source.path} has labels for {len(found)} of {len(source.names)} pictures only, none for"
            f" {shown(unlabelled[0])}; label all or none"
        )


def _entries(text: str, where: str) -> list[Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"{where} is not JSON ({error}); mend it, or take it out to train without labels") from None
    entries = content.get("labels") if isinstance(content, dict) else content
    if entries is None or (isinstance(content, dict) and isinstance(entries, list)):
        return entries
    raise TrainingError(
        f'{where} holds no list of labels; write {{"labels": [["img.png", 0], …]}} or {{"labels": null}}'
    )


def _pair(entry: Any, where: str) -> tuple[str, int]:
    if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) and type(entry[1]) is int:
        return entry[0], entry[1]
    text = shown(json.dumps(entry))
    raise TrainingError(f"{where} has an entry {text}; each must be a picture's name and the number of its class")


def _by_folder(source: Source) -> Labels | None:
    """The names of the folders that pictures lie in, where all lie equally deep and those are names of kinds."""
    parents = {name: PurePosixPath(name).parent for name in source.names}
    kinds = {parent.name for parent in parents.values()}
    if len(kinds) < 2 or kinds <= SPLITS or all(NUMBERED.fullmatch(kind) for kind in kinds):
        return None
    if len({len(parent.parts) for parent in parents.values()}) > 1:
        return None
    return _labels(source, {name: parent.name for name, parent in parents.items()})


def _labels(source: Source, found: Mapping[str, Any]) -> Labels | None:
    """From numbers, or words that are numbered in their order."""
    if not found:
        return None
    _check_all(source, found)
    values = [found[name] for name in source.names]
    if all(_is_number(value) for value in values):
        return _numbered(source, [int(value) for value in values])
    names = tuple(sorted({_word(source, value) for value in values}))
    order = {name: number for number, name in enumerate(names)}
    return Labels(_bounded(source, [order[value] for value in values]), len(names), names)


def _is_number(value: Any) -> bool:
    return type(value) is int or (isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) is not None)


def _numbered(source: Source, numbers: list[int]) -> Labels:
    return Labels(_bounded(source, numbers), max(numbers) + 1)


def _bounded(source: Source, numbers: list[int]) -> list[int]:
    if min(numbers) < 0 or max(numbers) >= MOST_CLASSES:
        wrong = min(numbers) if min(numbers) < 0 else max(numbers)
        raise TrainingError(f"{source.path} has a label {wrong}; number classes from 0, to {MOST_CLASSES - 1} at most")
    return numbers


def _word(source: Source, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TrainingError(
        f"{source.path} has a label {shown(json.dumps(value))} among others; make all words, or all numbers"
    )

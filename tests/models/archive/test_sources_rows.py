"""Tables and JSON as rows, whole, damaged and cut off."""

import json
from collections.abc import Iterable

import pytest

from models.archive.errors import ArchiveError
from models.archive.sources import rows
from models.archive.sources.base import Damaged, Row


def lines(text: str, size: int = 0) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)] if size else text.splitlines(keepends=True)


def until_broken(found: Iterable[Row | Damaged]) -> tuple[list[Row | Damaged], str]:
    got: list[Row | Damaged] = []
    try:
        got.extend(found)
    except ArchiveError as error:
        return got, str(error)
    return got, ""


def table(text: str) -> tuple[list[Row | Damaged], str]:
    return until_broken(rows.table(iter(lines(text)), "a.csv")[1])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_newlines_in_quotes(delimiter: str) -> None:
    text = 'id,title\r\n1,"a ""b""\nc"\r\n\r\n2,d\r\n'.replace(",", delimiter)
    found = [Row("lines 2 to 3", {"id": "1", "title": 'a "b"\nc'}), Row("lines 4 to 5", {"id": "2", "title": "d"})]
    assert table(text) == (found, "")


def test_quotes_behind_backslashes() -> None:
    assert table('"id","size"\n"1","15 3/4\\" (40 cm)"\n"2",""\n')[0] == [
        Row("line 2", {"id": "1", "size": '15 3/4" (40 cm)'}),
        Row("line 3", {"id": "2", "size": ""}),
    ]


def test_damaged_rows_are_named_and_left_out() -> None:
    found, broken = table('id,title\n1,a\n2\n3,b,c\n4,"d"e\n5,f\n')
    assert broken == ""
    assert found[0] == Row("line 2", {"id": "1", "title": "a"})
    assert [(row.place, type(row)) for row in found[1:]] == [
        ("line 3", Damaged),
        ("line 4", Damaged),
        ("line 5", Damaged),
        ("line 6", Row),
    ]


def test_a_quote_that_never_closes_costs_little_of_the_rest() -> None:
    text = 'id,title\n1,"open\n' + "".join(f"{n},{'x' * 60}\n" for n in range(2, 5000))
    found, broken = table(text)
    assert broken == ""
    assert isinstance(found[0], Damaged)
    assert "field larger than field limit" in found[0].detail
    first, last = found[0].place.removeprefix("lines ").split(" to ")
    assert (int(first), len(found) + int(last) - 1) == (2, 5000)  # every line that is lost is in its place
    assert len(found) > 2500


@pytest.mark.parametrize("cut", ['id,title\n1,a\n2,"b', "id,title\n1,a\n2"])
def test_table_cut_off(cut: str) -> None:
    found, broken = table(cut)
    assert found == [Row("line 2", {"id": "1", "title": "a"})]
    assert broken.startswith("a.csv: is cut off or damaged at line 3; only what comes before can be used")


VALUES = [{"id": number, "title": "é]}\n\\", "inner": [{"a": [1, {}]}]} for number in range(40)]
FORMS = {
    "array": json.dumps(VALUES),
    "indented array": json.dumps(VALUES, indent=2),
    "lines": "".join(f"{json.dumps(value)}\n" for value in VALUES),
    "no newline at the end": "\n".join(json.dumps(value) for value in VALUES),
    "indented, one after the other": "\n".join(json.dumps(value, indent=1) for value in VALUES),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", [1, 50, 1 << 18])
def test_json_in_every_form(form: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_STEP", step)
    found, broken = until_broken(rows.objects(iter(lines(FORMS[form])), "a.json"))
    assert broken == ""
    assert [row.values for row in found if isinstance(row, Row)] == VALUES


def test_one_line_in_pieces() -> None:
    found, broken = until_broken(rows.objects(iter(lines(FORMS["array"], 333)), "a.json"))
    assert broken == ""
    assert [row.values for row in found if isinstance(row, Row)] == VALUES


@pytest.mark.parametrize("form", FORMS)
def test_json_cut_off(form: str) -> None:
    text = FORMS[form]
    found, broken = until_broken(rows.objects(iter(lines(text[: int(len(text) * 0.6)])), "a.json"))
    whole = [row.values for row in found if isinstance(row, Row)]
    assert whole == VALUES[: len(whole)]
    assert len(whole) in (23, 24)
    assert broken.startswith("a.json: is cut off or damaged at line ")


def test_a_damaged_line() -> None:
    found, broken = until_broken(rows.objects(iter(['{"id": 1}\n', '{"id": \n', "[2]\n", "\n", '{"id": 3}']), "a"))
    assert broken == ""
    assert [(row.place, type(row)) for row in found] == [
        ("line 1", Row),
        ("line 2", Damaged),
        ("line 3", Damaged),
        ("line 5", Row),
    ]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, '[{"a": ' + "9" * 10_000 + "}]"])
def test_what_would_break_a_parser(text: str) -> None:
    found, broken = until_broken(rows.objects(iter([text]), "a.json"))
    assert not any(isinstance(row, Row) for row in found)
    assert broken.startswith("a.json: is cut off or damaged at line 1")


def test_a_value_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "LONGEST_VALUE", 1 << 20)
    endless = iter(lambda: "x" * 4096, "")
    with pytest.raises(ArchiveError, match=r"a\.json: is cut off or damaged at line 1"):
        list(rows._by_value(iter(['{"a": "', *(next(endless) for _ in range(600))]), "a.json"))

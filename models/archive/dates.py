"""Dates as catalogues write them, read as a range of years."""

import re
from functools import lru_cache

LONGEST = 300  # characters that are looked at
LATEST = 2100

_DASHES = str.maketrans({"–": "-", "—": "-", "‒": "-", "‐": "-", "‑": "-", "−": "-", "/": "-", "’": "'", "\xa0": " "})
_TOKEN = re.compile(
    r"(?<!\d)(?:"
    r"(?P<century>\d{1,2})(?:st|nd|rd|th|\.)?"
    r"(?:\s?(?:-|to|or|and)\s?(?:(?:early|mid|late)[\s-])?(?P<century_to>\d{1,2}))?(?:st|nd|rd|th|\.)\s?-?\s?"
    r"(?:century|centuries|cent\b|c(?![a-z])|jh|jahrhundert)|"
    r"(?P<decade>\d{3}0)'?s(?:\s?-\s?(?P<decade_to>\d{2}(?:\d\d)?)'?s)?|"
    r"(?P<tens>1\d\d)(?:\?|-(?!\s?[\da-z]))(?!\d)|"
    r"(?P<year>\d{3,4})(?!\d)(?:-(?P<month>\d\d)-\d\d(?!\d)|\s?-\s?(?P<to>\d{1,4})(?![\d']|th|st|nd|rd))?|"
    r"(?P<small>\d{1,2})(?!\d)"
    r")(?:\s{0,2}(?P<era>b\.?\s?c\.?(?:\s?e\.?)?|a\.?d\.?|c\.?e\.?)(?![a-z]))?"
)
_TYPED_ONE = re.compile(r"\bl(?=\d{3})")  # on old typewriters an l is a 1
_AD = re.compile(r"\ba\.?d\.?\s{0,2}(\d{1,4})(?!\d)")

Years = tuple[int, int]


@lru_cache(maxsize=1 << 16)
def understood(date: str) -> Years | None:
    """First and last year that a text speaks of, years before Christ negative; None where it names none.

    Nothing is made up: "after 1933" and "before 1933" are (1933, 1933), "c. 1885" is (1885, 1885). A century or a
    decade is the whole of it. Of several dates ("1968, printed 1975") the earliest and the latest count.
    """
    words = _TYPED_ONE.sub("1", date[:LONGEST].translate(_DASHES).lower())
    matches = list(_TOKEN.finditer(words))
    sure = [match for match in matches if not _is_bare(match)]  # beside "1926", the 150 of "150 s." is no year
    found = [years for match in sure or matches if (years := _years(match))]
    found += [(int(year), int(year)) for year in _AD.findall(words) if 0 < int(year) <= LATEST]
    if not found:
        return None
    return min(first for first, _ in found), max(last for _, last in found)


def _is_bare(match: re.Match[str]) -> bool:
    number = match["year"] or match["small"]
    return number is not None and len(number) < 4 and not match["era"]


def _years(match: re.Match[str]) -> Years | None:
    if match["century"]:
        return _centuries(match)
    if match["decade"]:
        return _decades(match)
    if match["tens"]:
        return 10 * int(match["tens"]), 10 * int(match["tens"]) + 9
    if match["small"]:
        return _in_era(int(match["small"]), int(match["small"]), match["era"]) if match["era"] else None
    return _in_era(int(match["year"]), _last(match), match["era"])


def _centuries(match: re.Match[str]) -> Years | None:
    first = int(match["century"])
    last = int(match["century_to"] or first)
    if not 0 < first <= 21 or not 0 < last <= 21:
        return None
    if _before_christ(match["era"]):
        return -100 * max(first, last), -100 * (min(first, last) - 1) - 1
    return 100 * (min(first, last) - 1) + 1, 100 * max(first, last)


def _decades(match: re.Match[str]) -> Years | None:
    """ "1960s", "1960s-70s"; "1800s" may be a decade or a century, and is read as the longer."""
    first = int(match["decade"])
    last = _completed(first, match["decade_to"]) if match["decade_to"] else first
    length = 99 if last % 100 == 0 else 9
    return (first, max(last, first) + length) if 0 < first <= LATEST else None


def _last(match: re.Match[str]) -> int:
    """The second year of "1976-77" and "1820-5"; what is not later is something else, such as a month."""
    year, to = int(match["year"]), match["to"]
    if not to:
        return year
    return int(to) if _before_christ(match["era"]) else max(year, _completed(year, to))


def _completed(year: int, end: str) -> int:
    """The year that `end` stands for after `year`: 77 after 1976 is 1977."""
    whole = 10 ** len(end)
    return int(end) if whole > year else year - year % whole + int(end)


def _in_era(first: int, last: int, era: str | None) -> Years | None:
    if _before_christ(era):
        return -max(first, last), -min(first, last)
    return (first, last) if 0 < first <= LATEST and last <= LATEST else None


def _before_christ(era: str | None) -> bool:
    return era is not None and era.startswith("b")

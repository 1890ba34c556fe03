"""Dates as museums write them."""

import csv
import io
from collections import Counter

import pytest

from models.archive.dates import understood
from models.archive.reading import unpacked
from tests.models.archive.museums import ARCHIVE, needs_archive

EXPECTED = {
    "1976": (1976, 1976),
    "1976-77": (1976, 1977),
    "(1973)": (1973, 1973),
    "c. 1885": (1885, 1885),
    "?c.1820–5": (1820, 1825),
    "1820–5": (1820, 1825),
    "After 1933": (1933, 1933),
    "before 1930": (1930, 1930),
    "September 1985": (1985, 1985),
    "April 15, 1929": (1929, 1929),
    "15.4.1929": (1929, 1929),
    "1929-04-15": (1929, 1929),
    "1929-04": (1929, 1929),  # a month, for it is not later
    "1968/1969": (1968, 1969),
    "(February 18-March 3, 1965)": (1965, 1965),
    "(Print executed 1919-1920)": (1919, 1920),
    "1968–75, printed c. 1999–2000": (1968, 2000),
    "1904. (Prints executed 1816-1817)": (1816, 1904),
    "19th century": (1801, 1900),
    "18th–19th century": (1701, 1900),
    "late 18th–early 19th century": (1701, 1900),
    "18th to 19th century": (1701, 1900),
    "8th-9th century C.E.": (701, 900),
    "late 18th C": (1701, 1800),
    "19. Jahrhundert": (1801, 1900),
    "1880s": (1880, 1889),
    "early 1960's": (1960, 1969),
    "circa 1870s-1880s": (1870, 1889),
    "1960s-70s": (1960, 1979),
    "1800s": (1800, 1899),
    "c. 196?": (1960, 1969),
    "187-": (1870, 1879),
    "l860s ?": (1860, 1869),
    "500 BC": (-500, -500),
    "c. 300–200 B.C.E.": (-300, -200),
    "5th century BC": (-500, -401),
    "27 BC–AD 14": (-27, 14),
    "100 BC-AD 1200": (-100, 1200),
    "50 BCE": (-50, -50),
    "A.D. 80": (80, 80),
    "ca. 650–700": (650, 700),
    "960-1279": (960, 1279),
    "c.18799–1802": (1802, 1802),
    "150 s. vers 9 h. matin, mars 1926": (1926, 1926),
    "Ming dynasty (1368–1644)": (1368, 1644),
}
NONE = ("", "n.d.", "date not known", "Unknown", "New York", "November 10", "0", "9999", "12", "1.234567", "²²²²")


@pytest.mark.parametrize(("date", "years"), EXPECTED.items())
def test_understood(date: str, years: tuple[int, int]) -> None:
    assert understood(date) == years


@pytest.mark.parametrize("date", NONE)
def test_no_year_is_made_up(date: str) -> None:
    assert understood(date) is None


@pytest.mark.parametrize("date", ["1" * 100_000, "1-" * 50_000, "19th " * 20_000, " " * 100_000 + "1900", "٣" * 5000])
def test_long_nonsense_ends(date: str) -> None:
    assert understood(date) in (None, (1801, 1900))


def column(path: str, name: str) -> "Counter[str]":
    with (ARCHIVE / path).open("rb") as file:
        text = io.TextIOWrapper(unpacked(file, path), "utf-8-sig", newline="")
        return Counter(date for row in csv.DictReader(text) if (date := row[name].strip()))


@needs_archive
@pytest.mark.parametrize(
    ("path", "name", "share"),
    [
        ("moma/Artworks-current-layout.derived.csv.xz", "Date", 0.9995),
        ("tate/artwork_data.csv.xz", "dateText", 0.9995),
        ("samples/five-museums-iiif-urls.csv", "Date", 0.9995),
    ],
)
def test_real_dates(path: str, name: str, share: float) -> None:
    dates = column(path, name)
    unknown = ("n.d", "n. d", "unknown", "date not known", "no date", "n/a")
    dated = {date: number for date, number in dates.items() if not date.lower().strip("(). ").startswith(unknown)}
    understood_ones = sum(number for date, number in dated.items() if understood(date))
    assert understood_ones / sum(dated.values()) > share
    assert all(first <= last for date in dated if (years := understood(date)) for first, last in [years])

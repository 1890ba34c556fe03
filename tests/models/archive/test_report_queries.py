"""The report's counts: they add up, and show little out of much."""

from itertools import pairwise
from pathlib import Path

import pytest

from models.archive.catalogue import Catalogue
from models.archive.record import Rights, Status
from models.archive.report import queries
from models.archive.report.histogram import COLUMNS, histogram
from models.archive.report.queries import Tally
from tests.models.archive.made_up import archive, work


def test_every_status_is_counted_apart(tmp_path: Path) -> None:
    archive(tmp_path, work(1), work(2), work(3, Status.LISTED), work(4, Status.REJECTED, "rights"))
    with Catalogue(tmp_path) as catalogue:
        assert queries.whole(catalogue) == Tally("", 2, 1, 1)
        assert queries.sources(catalogue).top == [Tally("made-up", 2, 1, 1)]


def test_empty_archive_has_nothing_of_anything(tmp_path: Path) -> None:
    archive(tmp_path)
    with Catalogue(tmp_path) as catalogue:
        assert queries.whole(catalogue).total == 0
        assert queries.artists(catalogue).top == []
        assert queries.years(catalogue) == []
        assert queries.refusals(catalogue, Status.REJECTED) == []
        assert queries.fetched(catalogue, 0, 200) == []


def test_work_by_two_artists_counts_for_both_and_one_by_nobody_is_counted(tmp_path: Path) -> None:
    archive(tmp_path, work(1, artists=("Ada", "Bo")), work(2, artists=("Ada",)), work(3, Status.LISTED))
    with Catalogue(tmp_path) as catalogue:
        assert queries.artists(catalogue).top == [Tally("Ada", 2), Tally("", 0, 1), Tally("Bo", 1)]


def test_what_is_beyond_the_top_is_summed(tmp_path: Path) -> None:
    often = [work(n, artists=(f"artist {n % queries.TOP:03}",)) for n in range(2 * queries.TOP)]
    once = [work(n, Status.LISTED, artists=(f"once {n}",)) for n in range(1000, 1007)]
    archive(tmp_path, *often, *once)
    with Catalogue(tmp_path) as catalogue:
        ranking = queries.artists(catalogue)
    assert [tally.total for tally in ranking.top] == [2] * queries.TOP
    assert (ranking.more, ranking.others) == (7, Tally("", 0, 7))


def test_what_sources_say_is_told_most_frequent_first(tmp_path: Path) -> None:
    said = ["CC BY", "© a holder", "CC BY", ""]
    archive(tmp_path, *(work(n, rights=Rights.RESTRICTED, rights_text=text) for n, text in enumerate(said)), work(9))
    with Catalogue(tmp_path) as catalogue:
        assert queries.statements(catalogue) == {"restricted": [("CC BY", 2), ("© a holder", 1)]}
        assert [tally.name for tally in queries.rights(catalogue)] == ["restricted", "CC0"]


def test_refusals_tell_what_recurs_and_show_works_evenly_spread(tmp_path: Path) -> None:
    many = [work(n, Status.REJECTED, "http 404", "gone") for n in range(60)]
    alone = work(99, Status.REJECTED, "truncated", "ends after 12 bytes")
    archive(tmp_path, *many, alone, work(100, Status.LISTED, "dropped", "no answer"), work(101, Status.LISTED))
    with Catalogue(tmp_path) as catalogue:
        missing, cut = queries.refusals(catalogue, Status.REJECTED)
        (dropped,) = queries.refusals(catalogue, Status.LISTED)
    assert (missing.kind, missing.number, missing.reasons) == ("http 404", 60, [("gone", 60)])
    assert [entry.record.id for entry in missing.examples] == [f"made-up:{n:06}" for n in range(0, 60, 10)]
    assert (cut.reasons, cut.examples) == ([], [alone])
    assert (dropped.kind, dropped.number) == ("dropped", 1)


@pytest.mark.parametrize(("number", "wanted"), [(1000, 10), (207, 200), (200, 200), (3, 200), (1, 1)])
def test_pictures_are_spread_over_all(tmp_path: Path, number: int, wanted: int) -> None:
    archive(tmp_path, *(work(n) for n in range(number)), work(5000, Status.LISTED))
    with Catalogue(tmp_path) as catalogue:
        shown = queries.fetched(catalogue, number, wanted)
    places = [int(entry.record.id[-6:]) for entry in shown]
    apart = {after - before for before, after in pairwise(places)}
    assert len(shown) == min(number, wanted)
    assert places[0] == 0
    assert not apart or max(apart) - min(apart) <= 1


def test_all_counts_are_of_one_moment(tmp_path: Path) -> None:
    with Catalogue(tmp_path, writing=True) as written:
        written.put([work(1)])
        with Catalogue(tmp_path) as read:
            assert queries.whole(read).total == 1
            written.put([work(2)])
            assert sum(tally.total for tally in queries.rights(read)) == 1
        with Catalogue(tmp_path) as read:
            assert queries.whole(read).total == 2


@pytest.mark.parametrize(
    ("years", "step"),
    [
        ([1999], 1),
        ([1950, 2009], 1),
        ([1950, 2010], 2),
        ([1400, 1990], 10),
        ([-500, 1990], 50),
        ([-10_000, 2000], 250),
        ([-(10**9), 2000], 1000),
    ],
)
def test_columns_are_as_wide_as_the_span_asks_and_lose_no_work(years: list[int], step: int) -> None:
    found = histogram([(None, Tally("", 0, 5)), *((year, Tally("", 1, 2, 3)) for year in years)])
    shown = sum(column.works.total for column in found.columns)
    assert found.step == step
    assert len(found.columns) <= COLUMNS
    assert all(column.last - column.first == step - 1 and column.first % step == 0 for column in found.columns)
    assert found.before + shown + found.after == 6 * len(years)
    assert found.undated == 5
    assert all(0 <= place < 1 for _, place in found.ticks)


def test_one_old_coin_does_not_squeeze_a_century_of_photographs() -> None:
    found = histogram([(-300, Tally("", 1)), *((year, Tally("", 100)) for year in range(1900, 1960))])
    assert (found.step, found.before, found.highest) == (1, 1, 100)
    assert found.columns[0].first == 1900


def test_archive_without_dates_has_no_columns() -> None:
    found = histogram([(None, Tally("", 7))])
    assert (found.columns, found.undated, found.highest) == ([], 7, 1)

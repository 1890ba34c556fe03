"""What becomes of the list when somebody decides."""

import pytest

from models.feed.entries import Entries, Entry, approved, published, ranking, retired, rolled_back
from models.feed.errors import FeedError


def entry(name: str) -> Entry:
    return Entry(name=name, sha256=f"{ord(name[0]):064x}")


def listed(*names: str, keep: int = 20) -> Entries:
    entries: Entries = ()
    for name in names:
        entries = published(entries, entry(name), "training", keep)
    return entries


def shown(entries: Entries) -> tuple[list[str], list[str]]:
    """Names in the order in which a follower of approved, and one of the latest, would take them."""
    first, second = (ranking(entries, follow) for follow in ("approved", "latest"))
    return [e.name for e in first], [e.name for e in second]


def test_candidates_are_the_latest_and_none_is_approved() -> None:
    assert shown(listed("a", "b", "c")) == ([], ["c", "b", "a"])


def test_what_is_approved_last_is_shown_first_and_what_is_retired_not_at_all() -> None:
    entries = approved(approved(listed("a", "b", "c"), "b", "me", "good reds"), "a", "you")
    assert shown(entries) == (["a", "b"], ["a", "b", "c"])
    assert [(e.by, e.note) for e in ranking(entries, "approved")] == [("you", ""), ("me", "good reds")]
    entries = retired(entries, "a", "me")
    assert shown(entries) == (["b"], ["b", "c"])
    assert shown(published(entries, entry("d"), "training", 20)) == (["b"], ["d", "b", "c"])


def test_a_decision_is_dated_in_utc() -> None:
    (made,) = listed("a")
    assert made.when.endswith("+00:00")


def test_a_rollback_goes_to_the_approved_one_before() -> None:
    entries = approved(approved(listed("a", "b", "c"), "a", "me"), "b", "me")
    back = rolled_back(entries, None, "me", "mud")
    assert shown(back) == (["a"], ["a", "c"])
    assert next(e for e in back if e.name == "b").status == "retired"
    with pytest.raises(FeedError, match="nothing to go back to: a is all"):
        rolled_back(back, None, "me")


def test_a_rollback_goes_to_the_one_that_is_named_even_a_retired_one() -> None:
    entries = approved(approved(listed("a", "b", "c"), "b", "me"), "c", "me")
    assert shown(rolled_back(entries, "a", "me")) == (["a", "b"], ["a", "b"])
    assert shown(rolled_back(retired(entries, "a", "me"), "a", "me"))[0] == ["a", "b"]
    assert shown(rolled_back(entries, "c", "me")) == (["c", "b"], ["c", "b", "a"])


def test_where_nothing_was_approved_a_rollback_goes_to_the_candidate_before() -> None:
    assert shown(rolled_back(listed("a", "b", "c"), None, "me")) == (["b"], ["b", "a"])
    with pytest.raises(FeedError, match="no network is all"):
        rolled_back((), None, "me")


@pytest.mark.parametrize("decide", [approved, retired, rolled_back])
def test_a_name_nobody_knows_is_one_sentence(decide: object) -> None:
    with pytest.raises(FeedError, match="there is no network 'x'; the newest are c, b, a"):
        decide(listed("a", "b", "c"), "x", "me")  # type: ignore[operator]


def test_candidates_are_bounded_and_what_was_judged_stays() -> None:
    entries = approved(listed("a", "b", "c"), "a", "me")
    entries = retired(entries, "b", "me")
    for name in "defgh":
        entries = published(entries, entry(name), "training", keep=3)
    assert {e.name for e in entries} == {"a", "b", "f", "g", "h"}


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b", "x" * 101, "a\n"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(ValueError):
        Entry(name=name, sha256="a" * 64)

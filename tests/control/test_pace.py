"""The two governors, on a clock of their own, and what is vendored."""

import hashlib

from engine.control import assets
from engine.control.bucket import Pace, TokenBucket


def test_a_bucket_admits_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=8.0, burst=3.0, now=100.0)
    assert [bucket.take(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert [bucket.take(100.0 + step / 16) for step in range(1, 5)] == [False, True, False, True]
    assert sum(bucket.take(500.0) for _ in range(10)) == 3


def test_a_pace_lets_one_through_an_interval() -> None:
    pace = Pace(0.5)
    assert [pace.due(now) for now in (7.0, 7.2, 7.5, 7.9, 8.0)] == [True, False, True, False, True]


def test_vendored_files_are_the_ones_noted() -> None:
    note = (assets.ROOT / "vendor" / "README.md").read_text()
    for name in ("tweakpane.min.js", "inter-latin.woff2"):
        assert hashlib.sha256((assets.ROOT / "vendor" / name).read_bytes()).hexdigest() in note

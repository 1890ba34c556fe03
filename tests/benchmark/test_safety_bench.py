"""`reverie bench safety` says what the limiter costs; how much that is, is the machine's own affair."""

from engine.benchmark.safety import measure


def test_it_measures_cost_latency_and_what_is_calm() -> None:
    report = measure((160, 90), frames=12)
    for kind in ("calm", "strobe"):
        assert report[kind]["with_limiter_ms"] > 0
        assert report[kind]["without_ms"] > 0
    assert report["added_latency_frames"] == 0
    assert report["largest_difference_calm_levels"] <= 1.01
    assert report["size"] == "160×90"

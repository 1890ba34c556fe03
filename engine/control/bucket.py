"""Two small governors of pace: one for what comes in, one for what goes out."""


class TokenBucket:
    """Admits `rate` things a second on average and `burst` at once. Times are monotonic seconds."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._seen = now

    def take(self, now: float) -> bool:
        """Whether one more is admitted."""
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    @property
    def wait(self) -> float:
        """Seconds from the last `take` until one more would be admitted."""
        return max(0.0, 1.0 - self._tokens) / self._rate


class Pace:
    """At most one a `interval` seconds, the first at once."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next = float("-inf")

    def due(self, now: float) -> bool:
        """Whether the next may go out; if so, the interval starts anew."""
        if now < self._next:
            return False
        self._next = now + self._interval
        return True

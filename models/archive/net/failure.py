"""Trouble that may pass, how long to wait for it, and how often."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
LONGEST_BACKOFF = 60.0


class TransientError(Exception):
    """One attempt failed, another may not. `kind` and `detail` as those of RejectedError; `again` is whether another
    attempt in this run makes sense.
    """

    def __init__(self, kind: str, detail: str, again: bool = True) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.again = again


async def persist(attempt: Callable[[], Awaitable[T]], attempts: int, backoff: float, sleep: Sleep) -> T:
    """What `attempt` gives, tried up to `attempts` times with growing pauses. Raises its last TransientError."""
    for number in range(1, attempts + 1):
        try:
            return await attempt()
        except TransientError as trouble:
            if number == attempts or not trouble.again:
                raise
        await sleep(pause(number, backoff))
    raise ValueError(f"{attempts} attempts are none")


def pause(failures: int, backoff: float) -> float:
    """Seconds before the next attempt: doubling, with jitter so that many clients do not come back in step."""
    return random.uniform(0.5, 1.0) * min(backoff * 2.0 ** (failures - 1), LONGEST_BACKOFF)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """The seconds that a Retry-After header asks for, given as a number or a date; None where it says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal() and len(value) < 10:
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())

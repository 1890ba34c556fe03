"""What a registry says of its networks, and what becomes of the list when somebody decides.

The list is in the order of decisions: what was published or approved last stands last. So both kinds of follower agree
after a rollback, and nothing depends on the clocks of two machines.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.feed.errors import FeedError

Status = Literal["candidate", "approved", "retired"]
Follow = Literal["approved", "latest"]
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
LONGEST_NOTE = 500


class Entry(BaseModel):
    """One network. `when` is the moment of the last decision about it, in UTC, and `by` whose that was.

    `metrics` are figures of its training by name; `kimg` is how long it had learned. Keys of later versions are kept.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(pattern=NAME)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    status: Status = "candidate"
    when: Annotated[str, Field(max_length=40)] = ""
    kimg: float | None = Field(None, ge=0, allow_inf_nan=False)
    metrics: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict, max_length=50)
    by: str = Field("", max_length=200)
    note: str = Field("", max_length=LONGEST_NOTE)


Entries = tuple[Entry, ...]
Edit = Callable[[Entries], Entries]


def ranking(entries: Iterable[Entry], follow: Follow) -> list[Entry]:
    """What a follower would show, best first: of the approved ones, or of all that are not retired."""
    wanted = ("approved",) if follow == "approved" else ("approved", "candidate")
    return [entry for entry in entries if entry.status in wanted][::-1]


def published(entries: Entries, entry: Entry, by: str, keep: int) -> Entries:
    """With a new candidate as the last one, and without the candidates beyond the newest `keep`.

    Raises FeedError where its name is another network's.
    """
    if any(other.name == entry.name for other in entries):
        raise FeedError(f"there is a network {entry.name} already; give the file another name")
    entries = (*entries, _decided(entry, "candidate", by, entry.note))
    candidates = [other for other in entries if other.status == "candidate"]
    crowd = candidates[: max(0, len(candidates) - keep)]
    return tuple(other for other in entries if other not in crowd)


def approved(entries: Entries, name: str, by: str, note: str = "") -> Entries:
    """With `name` as the newest approved one. Raises FeedError where there is none."""
    entry = find(entries, name)
    return (*_without(entries, entry), _decided(entry, "approved", by, note))


def retired(entries: Entries, name: str, by: str, note: str = "") -> Entries:
    """With `name` where it was, out of every follower's sight. Raises FeedError where there is none."""
    entry = find(entries, name)
    return tuple(_decided(entry, "retired", by, note) if other is entry else other for other in entries)


def rolled_back(entries: Entries, name: str | None, by: str, note: str = "") -> Entries:
    """With the network that is on retired, and `name`, else the one before it, approved as the newest.

    The one that is on is the newest approved one; where nothing is approved, the newest of all. Raises FeedError where
    there is none to go back to.
    """
    shown = ranking(entries, "approved") or ranking(entries, "latest")
    if name is None and len(shown) < 2:
        only = shown[0].name if shown else "no network"
        raise FeedError(f"there is nothing to go back to: {only} is all that is shown; name the network you want")
    target = find(entries, shown[1].name if name is None else name)
    if shown and shown[0] is not target:
        entries = retired(entries, shown[0].name, by, note)
    return approved(entries, target.name, by, note)


def find(entries: Entries, name: str) -> Entry:
    """The network called `name`. Raises FeedError where there is none."""
    found = next((entry for entry in entries if entry.name == name), None)
    if found is None:
        newest = ", ".join(entry.name for entry in entries[:-6:-1]) or "none yet"
        raise FeedError(f"there is no network {name[:100]!r}; the newest are {newest}")
    return found


def _decided(entry: Entry, status: Status, by: str, note: str) -> Entry:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return entry.model_copy(update={"status": status, "when": when, "by": by, "note": note or entry.note})


def _without(entries: Entries, entry: Entry) -> Entries:
    return tuple(other for other in entries if other is not entry)

"""The page about a judged recording: one file that loads nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import ReverieError
from engine.files import unwritable, write_atomic
from engine.flashes.pictures import heat, jpeg
from engine.flashes.plot import charts, clock
from engine.flashes.recording import Judged
from engine.flashes.report import Verdict
from engine.flashes.worst import Moment
from models.pages import render

HERE = Path(__file__).parent
SHOWN = 12  # frames of the worst second
SENTENCES = {
    Verdict.PASS: "No second has more than three general or red flashes over an area that is large enough to do harm.",
    Verdict.EXTENDED: "No second has more than three flashes, but they go on for longer than five seconds.",
    Verdict.FAIL: "There are more than three general or red flashes in a second, over an area large enough to do harm.",
}


def page_beside(recording: Path) -> Path:
    """Where the page lies if nothing else is asked for."""
    return recording.parent / f"{recording.stem}.safety.html"


def check_page(path: Path, recording: Path) -> None:
    """Whether a page can be written there, before anything is judged. Raises ReverieError."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise ReverieError(f"{path}: a page needs the name of an .html file; give one such as {page_beside(recording)}")
    why = unwritable(path)
    if why:
        raise ReverieError(f"{path}: cannot be written ({why}); choose another place with --page")


def write_page(path: Path, judged: Judged) -> None:
    """Write it, whole or not at all. Raises ReverieError."""
    write_atomic(path, page(judged, datetime.now(UTC)).encode("utf-8", "replace"))


def page(judged: Judged, made: datetime) -> str:
    """The page as text."""
    report = judged.report
    shown = _spread(report.worst)
    below = shown[-1].picture if shown else None
    values = {
        "name": judged.path.name,
        "made": made,
        "judged": judged,
        "report": report,
        "sentence": SENTENCES[report.verdict],
        "charts": charts(report.readings, report.begin, report.end),
        "maps": [
            (name, heat(counts, judged.size, below), counts.max() / 2)
            for name, counts in (("General flashes", report.general_map), ("Red flashes", report.red_map))
            if counts.max() > 1
        ],
        "worst": [(moment.time, jpeg(moment.picture)) for moment in shown],
    }
    return render(HERE, values, FILTERS)


def _spread(moments: tuple[Moment, ...]) -> list[Moment]:
    """At most SHOWN of them, the last among them. Two neighbours stay neighbours where all can be shown."""
    if len(moments) <= SHOWN:
        return list(moments)
    return [moments[round(i * (len(moments) - 1) / (SHOWN - 1))] for i in range(SHOWN)]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


FILTERS: dict[str, Callable[..., str]] = {"clock": clock, "figure": _number}

"""report.html: a run as one page to look at, that loads nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.files import write_atomically
from models.pages import render
from models.training.watch.charts import charts
from models.training.watch.history import Figures, History, Said, Strip, best, judged_by, spread
from models.training.watch.pictures import Encoded

NAME = "report.html"
HERE = Path(__file__).parent
STRIPS = 12
SAID = 60
GROUPS = {
    "Run": ("preset", "seed", "batch", "part", "dtype"),
    "Game": ("loss", "gamma", "penalty_interval", "path_weight", "path_interval", "learning_rate"),
    "Generator": ("warm_up", "ema_kimg", "ema_ramp", "noise_after", "noise_from", "style_mixing"),
    "Discriminator": ("augment", "mirror", "freeze_d"),
}


@dataclass(frozen=True)
class About:
    """What does not change while a run goes on. `origin` as in a Start: the file it began with, None for none."""

    out: Path
    target: float  # kimg
    data: str
    sha256: str  # of the data
    images: int
    classes: int
    shape: tuple[int, int]  # height and width
    preset: str
    recipe: dict[str, Any]
    origin: dict[str, Any] | None = None


@dataclass
class Seen:
    """The newest pictures, and when they were drawn; None where there are none yet."""

    kimg: float
    seconds: float = 0.0
    reals: Encoded | None = None
    fakes: Encoded | None = None
    walk: Encoded | None = None
    still: Encoded | None = None  # of the walk, for paper and for those whom motion makes sick


def write(path: Path, about: About, history: History, seen: Seen) -> None:
    """The page about all that was told so far, whole or not at all. Raises OSError."""
    figures, said = history.of(Figures), history.of(Said)
    values = {
        "name": about.out.resolve().name or str(about.out),
        "made": datetime.now(UTC),
        "about": about,
        "seen": seen,
        "latest": figures[-1] if figures else None,
        "best": best(figures, judged_by(figures)),
        "judged_by": judged_by(figures),
        "strips": spread(history.of(Strip), STRIPS),
        "charts": charts(history),
        "said": said[::-1][:SAID],
        "unsaid": max(len(said) - SAID, 0),
        "recipe": _grouped(about),
    }
    page = render(HERE, values, FILTERS)
    write_atomically(path, lambda part: part.write_text(page, "utf-8", "replace"))


def _grouped(about: About) -> dict[str, dict[str, Any]]:
    """The settings under headings; those that no heading claims are there as well."""
    left = {"preset": about.preset} | about.recipe
    groups = {heading: {name: left.pop(name) for name in names if name in left} for heading, names in GROUPS.items()}
    return {heading: found for heading, found in {**groups, "Else": left}.items() if found}


def _kimg(value: float) -> str:
    """Thousands of pictures, as many places as tell something."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}" if value < 1 else f"{value:.1f}".removesuffix(".0")


def _shown(kimg: float) -> str:
    return f"{round(kimg * 1000):,}"


def _value(value: float, percent: bool = False) -> str:
    if percent:
        return f"{100 * value:.2g} %"
    return (f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "\N{MINUS SIGN}")


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // (60 * 24)
    if days >= 2:
        return f"{days} days {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min" if minutes else "less than a minute"


def _size(shape: tuple[int, int]) -> str:
    height, width = shape
    return f"{width} × {height}"


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


FILTERS: dict[str, Callable[..., str]] = {
    "kimg": _kimg,
    "shown": _shown,
    "value": _value,
    "duration": _duration,
    "size": _size,
    "setting": _setting,
}

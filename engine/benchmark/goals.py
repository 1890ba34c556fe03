"""What the figures of a picture should be, and a table that says whether they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Column, Table


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that should be at least, or at most, so much."""

    bound: float
    at_least: bool = True

    def met(self, value: float | None) -> bool | None:
        """None where nothing was measured."""
        if value is None:
            return None
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


GOALS = {
    "fine_energy": Goal(0.2),
    "within_25_percent": Goal(1.0),  # of each phase
    "light_swing_5s_outside_passages": Goal(0.2, at_least=False),  # ± 0.1
    "onset_motion_r": Goal(0.5),
    "largest_repeat": Goal(0.95, at_least=False),
}
MARKS = {True: "[green]met[/]", False: "[yellow]not met[/]", None: "not measured"}


def judged(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """For each figure that has a goal: its name, its value, the goal, and whether it is met."""
    rows = [(name, value, _goal(name)) for name, value in flat(figures)]
    return [{"figure": n, "value": v, "goal": str(g), "met": g.met(v)} for n, v, g in rows if g is not None]


def print_judged(figures: dict[str, Any], title: str) -> None:
    """Every figure, with its goal where it has one."""
    table = Table(Column("figure", no_wrap=True), "value", "goal", "", title=title, title_justify="left")
    for name, value in flat(figures):
        goal = _goal(name)
        shown = "–" if value is None else str(value)
        table.add_row(name, shown, *(("", "") if goal is None else (str(goal), MARKS[goal.met(value)])))
    Console().print(table)


def flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Figures of figures as `phases.hold.seconds`."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _goal(name: str) -> Goal | None:
    return GOALS.get(name.rpartition(".")[2])

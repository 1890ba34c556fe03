"""The curves of a run against the pictures shown: which there are, and where their points lie."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.training.watch.history import Figures, History, Row, Steps, best, judged_by
from models.training.watch.scales import Scale, scale_of

POINTS = 320  # of a curve at most: a chart is not wider than so many of them
LITTLE = 0.05  # share up to which an axis of shares goes at least: less shall look like little
LEAST, MOST = 1e-30, 1e30  # sizes that a chart tells apart
FULL = 1000  # what 0..1 is inside a drawing

Points = list[tuple[float, float]]  # kimg and value


@dataclass(frozen=True)
class Curve:
    """One line: its name, its last value, and its path from 0 to FULL, downwards."""

    name: str
    last: float
    path: str


@dataclass(frozen=True)
class Tick:
    """A value written beside an axis, at 0..100 along it."""

    value: float
    at: float


@dataclass(frozen=True)
class Mark:
    """A point that is pointed at, at 0..100 from the left and from above."""

    kimg: float
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Chart:
    """Curves over one axis. `percent`: values are shares."""

    title: str
    about: str
    curves: list[Curve]
    x: list[Tick]
    y: list[Tick]
    log: bool
    percent: bool
    best: Mark | None
    limits: list[Tick]


@dataclass(frozen=True)
class Plan:
    """What a chart is made of: values by their names in the history, each with a name for people.

    `limits` are values to see the curves against.
    """

    title: str
    about: str
    of: type[Steps] | type[Figures]
    values: dict[str, str]
    best: str | None = None
    limits: tuple[float, ...] = ()
    percent: bool = False
    floor: float | None = 0.0


DISTANCE = "swd"
PLANS = (
    Plan("Distance", "sliced Wasserstein, from the pictures it learns from; less is better", Figures,
         {DISTANCE: "all sizes"}, best=DISTANCE),
    Plan("Thumbnails", "Fréchet distance at 16 pixels: large forms and colours; less is better", Figures,
         {"thumbnails": "thumbnails"}),
    Plan("Variety", "of what it draws, beside that of the pictures it learns from, which is 1", Figures,
         {"diversity": "variety"}, limits=(1.0,)),
    Plan("Losses", "of the two networks, which play against each other", Steps,
         {"loss_g": "generator", "loss_d": "discriminator"}),
    Plan("Verdicts", "mean logit of the discriminator", Steps, {"real": "reals", "fake": "fakes"}, floor=None),
    Plan("Confidence", "of the discriminator: near 1 it knows the pictures by heart, near 0 it guesses", Steps,
         {"confidence": "confidence", "p": "augmentation p"}, floor=-1.0),
    Plan("Gradients", "their norms, before a step is taken", Steps,
         {"norm_g": "generator", "norm_d": "discriminator"}),
    Plan("Penalty", "on the discriminator's gradients, before it is weighted", Steps, {"penalty": "penalty"}),
    Plan("Path length", "of the generator, from a latent to a picture", Steps, {"path_length": "path length"}),
    Plan("Pace", "seconds of training for 1,000 pictures shown", Steps, {"seconds": "s/kimg"}),
    Plan("Waiting for pictures", "share of the time of training", Steps, {"waited": "data wait"}, percent=True),
)  # fmt: skip


def charts(history: History) -> list[Chart]:
    """Those of which there is something to see."""
    end = max((row.kimg for row in history.rows), default=0.0)
    across = Scale(0.0, max(end, 0.001))
    plans = (*_kernel(history), *PLANS)
    drawn = (_chart(_with_levels(plan, history), history, across) for plan in plans)
    return [chart for chart in drawn if chart is not None]


def _kernel(history: History) -> list[Plan]:
    """The distance by pretrained features, which are named."""
    name = judged_by(history.of(Figures))
    if name == DISTANCE:
        return []
    about = f"between features of {name.removeprefix('kid_')}, of it and of the pictures it learns from; less is better"
    return [Plan("Kernel distance", about, Figures, {name: "KID"}, best=name)]


def _with_levels(plan: Plan, history: History) -> Plan:
    """Beside the mean of the distances, that of the coarsest level and that of the finest."""
    if plan.best != DISTANCE:
        return plan
    prefix = f"{plan.best}_"
    found = {name for row in history.of(Figures) for name in row.values if name.startswith(prefix)}
    sizes = sorted(int(name.removeprefix(prefix)) for name in found if name.removeprefix(prefix).isdecimal())
    ends = {f"{prefix}{size}": f"{size} pixels" for size in (sizes[0], sizes[-1])} if len(sizes) > 1 else {}
    return replace(plan, values=plan.values | ends)


def _chart(plan: Plan, history: History, across: Scale) -> Chart | None:
    rows = history.of(plan.of)
    lines = {name: line for name in plan.values if (line := _thinned(_points(rows, name), across))}
    if not lines:
        return None
    seen = (*plan.limits, *((0.0, LITTLE) if plan.percent else ()))
    up = scale_of([value for line in lines.values() for _, value in line], seen, plan.floor)
    return Chart(
        plan.title,
        plan.about,
        [Curve(plan.values[name], line[-1][1], _path(line, across, up)) for name, line in lines.items()],
        [Tick(value, 100 * across(value)) for value in across.ticks()],
        [Tick(value, 100 - 100 * up(value)) for value in up.ticks()],
        up.log,
        plan.percent,
        _best(rows, plan.best, across, up),
        [Tick(value, 100 - 100 * up(value)) for value in plan.limits],
    )


def _points(rows: Sequence[Row], name: str) -> Points:
    told = (row for row in rows if isinstance(row, Steps | Figures) and name in row.values)
    return [(row.kimg, _bounded(row.values[name])) for row in told]


def _bounded(value: float) -> float:
    return 0.0 if abs(value) < LEAST else min(max(value, -MOST), MOST)


def _thinned(points: Points, across: Scale) -> Points:
    """As means over POINTS equal parts of the axis."""
    parts: dict[int, Points] = {}
    for kimg, value in points:
        parts.setdefault(int(across(kimg) * (POINTS - 1)), []).append((kimg, value))
    return [_mean(part) for part in parts.values()]


def _mean(points: Points) -> tuple[float, float]:
    kimg, values = zip(*points, strict=True)
    return sum(kimg) / len(kimg), sum(values) / len(values)


def _path(line: Points, across: Scale, up: Scale) -> str:
    places = [f"{FULL * across(kimg):.1f} {FULL - FULL * up(value):.1f}" for kimg, value in line]
    return f"M{places[0]}h1" if len(places) == 1 else f"M{'L'.join(places)}"


def _best(rows: Sequence[Row], name: str | None, across: Scale, up: Scale) -> Mark | None:
    found = None if name is None else best([row for row in rows if isinstance(row, Figures)], name)
    if found is None or name is None:
        return None
    value = _bounded(found.values[name])
    return Mark(found.kimg, value, 100 * across(found.kimg), 100 - 100 * up(value))

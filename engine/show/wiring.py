"""From what a show says to what runs: values into the tree, routes into a matrix, each complaint with its line."""

import difflib
from collections.abc import Iterable, Mapping

from engine.errors import ReverieError
from engine.modulation import Matrix, Route
from engine.params import MODULATED_TYPES, Parameter, ParameterError, ParameterTree
from engine.show.lines import Where
from engine.show.loader import LoadedShow
from engine.show.schema import RoutePart

DEFAULT_LAG = 0.05  # seconds: enough that no value steps visibly, too short to be felt as a delay

Range = tuple[float, float]


def apply_values(loaded: LoadedShow, tree: ParameterTree) -> None:
    """The values of `set`. Raises ReverieError naming the line."""
    for address, value in loaded.show.set.items():
        try:
            tree.set(address, value, clamp=False)
        except ParameterError as error:
            raise loaded.error(("set", address), str(error)) from None


def check_pass(loaded: LoadedShow, index: int, inputs: Mapping[str, Parameter]) -> None:
    """Hold the values of one pass against its shader's inputs. Raises ReverieError naming the line."""
    part = loaded.show.passes[index]
    for key, value in part.values.items():
        where = ("passes", index, part.shader, key)
        if key not in inputs:
            raise loaded.error(where, f"the shader has no such input; it has {', '.join(inputs) or 'none'}")
        try:
            inputs[key].coerce(value, clamp=False)
        except ParameterError as error:
            raise loaded.error(where, str(error)) from None


def matrix(loaded: LoadedShow, tree: ParameterTree, typical: Mapping[str, Range]) -> Matrix:
    """The show's modulation. `typical` holds the range of every signal its sensors give. Raises ReverieError."""
    return Matrix(_route(loaded, tree, typical, i, part) for i, part in enumerate(loaded.show.modulation))


def _route(loaded: LoadedShow, tree: ParameterTree, typical: Mapping[str, Range], index: int, part: RoutePart) -> Route:
    here: Where = ("modulation", index)
    if part.source not in typical:
        raise _unknown(loaded, (*here, "from"), f"there is no signal {part.source}", typical)
    if part.target not in tree:
        raise _unknown(loaded, (*here, "to"), f"there is no parameter {part.target}", (p.address for p in tree))
    if tree.parameter(part.target).type not in MODULATED_TYPES:
        raise loaded.error((*here, "to"), f"{part.target} is no number and cannot be modulated; choose a float or int")
    if part.scale == "log" and part.input is None and min(typical[part.source]) <= 0:
        raise loaded.error((*here, "scale"), "a log scale needs `in` with both ends above 0 for this signal")
    rise, fall = (part.attack, part.release) if part.lag is None else (part.lag, part.lag)
    return Route(
        source=part.source,
        target=part.target,
        input=part.input,
        output=part.output,
        log=part.scale == "log",
        curve=part.curve,
        depth=part.depth,
        attack=DEFAULT_LAG if rise is None else rise,
        release=DEFAULT_LAG if fall is None else fall,
    )


def _unknown(loaded: LoadedShow, where: Where, complaint: str, known: Iterable[str]) -> ReverieError:
    names = sorted(known)
    wanted = complaint.rpartition(" ")[2]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5) or names[:12]
    return loaded.error(where, f"{complaint}; did you mean {', '.join(near)}?" if near else f"{complaint}; none exist")

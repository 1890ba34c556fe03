"""What `reverie check` finds out about a show's outputs without opening one: whether there is room for them here."""

from engine.errors import ReverieError
from engine.files import unwritable
from engine.outputs.base import Canvas, OutputError
from engine.outputs.video.encoding import even
from engine.outputs.video.names import DatedNames, Naming
from engine.render.context import WindowRequest, check_monitor, display_available
from engine.show.loader import LoadedShow


def check_name(naming: Naming) -> None:
    """Whether there may be such a recording. Raises ReverieError."""
    try:
        naming.check()
    except OutputError as error:
        raise ReverieError(str(error)) from None


def check_outputs(loaded: LoadedShow) -> list[str]:
    """Notes. Raises ReverieError naming the line of a monitor that is not there or a file that cannot be written."""
    outputs = list(enumerate(loaded.show.outputs))
    for index, config in outputs:
        if config.type == "recording":
            _check_recording(loaded, index)
        elif config.type == "offscreen":
            _check_snapshot(loaded, index)
    windows = [index for index, config in outputs if config.type == "window"]
    if windows and not display_available():
        return ["no display here: monitors were not checked"]
    for index in windows:
        _check_window(loaded, index)
    return []


def _check_recording(loaded: LoadedShow, index: int) -> None:
    canvas = loaded.show.canvas
    where: tuple[str | int, ...] = ("canvas",)
    try:
        even(Canvas(canvas.width, canvas.height, canvas.fps))
        where = ("outputs", index, "path")
        DatedNames(loaded.path.parent / loaded.show.outputs[index].path).check()
    except OutputError as error:
        raise loaded.error(where, str(error)) from None


def _check_snapshot(loaded: LoadedShow, index: int) -> None:
    named = loaded.show.outputs[index].snapshot
    if named is None:
        return
    path = loaded.path.parent / named
    why = unwritable(path)
    if why:
        raise loaded.error(("outputs", index, "snapshot"), f"{path} cannot be written ({why}); choose another place")


def _check_window(loaded: LoadedShow, index: int) -> None:
    config, canvas = loaded.show.outputs[index], loaded.show.canvas
    request = WindowRequest(loaded.show.title, config.monitor, config.fullscreen, canvas.width, canvas.height)
    missing = check_monitor(request)
    if missing:
        raise loaded.error(("outputs", index, "monitor"), missing)

"""What `reverie check` finds out about a show's outputs without opening one: whether there is room for them here."""

from engine.files import unwritable
from engine.render.context import WindowRequest, check_monitor, display_available
from engine.show.loader import LoadedShow

WRITTEN = {"recording": "path", "offscreen": "snapshot"}  # the key of an output's file, by its type


def check_outputs(loaded: LoadedShow) -> list[str]:
    """Notes. Raises ReverieError naming the line of a monitor that is not there or a file that cannot be written."""
    outputs = list(enumerate(loaded.show.outputs))
    for index, config in outputs:
        if config.type in WRITTEN:
            _check_file(loaded, index, WRITTEN[config.type])
    windows = [index for index, config in outputs if config.type == "window"]
    if windows and not display_available():
        return ["no display here: monitors were not checked"]
    for index in windows:
        _check_window(loaded, index)
    return []


def _check_file(loaded: LoadedShow, index: int, key: str) -> None:
    named = getattr(loaded.show.outputs[index], key)
    if named is None:
        return
    path = loaded.path.parent / named
    why = unwritable(path)
    if why:
        raise loaded.error(("outputs", index, key), f"{path} cannot be written ({why}); choose another place")


def _check_window(loaded: LoadedShow, index: int) -> None:
    config, canvas = loaded.show.outputs[index], loaded.show.canvas
    request = WindowRequest(loaded.show.title, config.monitor, config.fullscreen, canvas.width, canvas.height)
    missing = check_monitor(request)
    if missing:
        raise loaded.error(("outputs", index, "monitor"), missing)

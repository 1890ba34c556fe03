"""The parts of a show, built from its file. Only this module and `app.py` know every part."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

import models
from engine.control.hub import Hub
from engine.control.server import ControlServer
from engine.control.token_file import read_token
from engine.directions import build_offset, direction_parameters
from engine.errors import ReverieError
from engine.heartbeat import HEARTBEAT
from engine.lessons import LESSONS, TIMES, Learnt
from engine.network import check_network, naming, network_parameters, path_of
from engine.outputs.base import Canvas, Output
from engine.outputs.offscreen import OffscreenConfig, OffscreenOutput
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.registry import find_outputs
from engine.outputs.video.names import GivenName
from engine.params import Parameter, ParameterError, ParameterTree
from engine.render.chain import PassRequest, pass_names
from engine.render.context import GLContext, WindowRequest, display_available
from engine.render.display import why_no_display
from engine.render.header import load as load_shader
from engine.render.isf import Sources
from engine.render.library import find_shader
from engine.render.precautions import NONE, Precautions
from engine.render.renderer import Renderer
from engine.render.wall import Wall
from engine.sensing import Rehearsed, Senses
from engine.show.feed import FeedPart
from engine.show.lines import parse_scalar
from engine.show.loader import LoadedShow, load_show
from engine.show.schema import Kinds
from engine.show.wiring import apply_values, check_pass, matrix
from engine.stage import Act, Stage, Wings
from engine.walk.base import Walk
from engine.walk.controls import Controls
from engine.walk.directions import DirectionOffset
from engine.walk.registry import walks
from engine.work import MAX_FPS, Work
from sensors.driver import Driver
from sensors.registry import find_sensors

DREAM_FPS = 15.0
SLOWEST_PASS = 2.0  # seconds for one picture: with one that takes longer, a wall stands still

Part = TypeVar("Part", bound=BaseModel)
Outputs = list[tuple[str, Output]]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to a show file."""

    offscreen: bool = False
    seconds: float | None = None
    port: int | None = None
    sets: tuple[str, ...] = ()
    record_to: Path | None = None
    overwrite: bool = False


def kinds() -> Kinds:
    """The plug-ins at hand: their configuration models by the `type` a show names."""
    return Kinds(
        sensors={name: sensor.Config for name, sensor in find_sensors().items()},
        walks={name: walk.Config for name, walk in walks().items()},
        outputs={name: output.Config for name, output in find_outputs().items()},
    )


def load(path: Path) -> LoadedShow:
    """A show file, valid in itself. Raises ReverieError."""
    return load_show(path, kinds())


def load_again(path: Path, learnt: Learnt) -> tuple[LoadedShow, str]:
    """The same for an engine that follows another: where the file was broken meanwhile, it is read as it was when it
    last showed frames, and why is the second value. Raises ReverieError.
    """
    try:
        return load(path), ""
    except ReverieError as error:
        if HEARTBEAT.engines < 2 or not learnt.show:
            raise
        return load_show(path, kinds(), learnt.show), f"{error}; the show runs as it was before"


def canvas_of(loaded: LoadedShow) -> Canvas:
    """The canvas as outputs want it."""
    part = loaded.show.canvas
    return Canvas(part.width, part.height, part.fps)


def model_of(loaded: LoadedShow) -> str:
    """The show's model; a path counts from the show file's folder."""
    return path_of(loaded, loaded.model)


def naming_the_model(loaded: LoadedShow) -> AbstractContextManager[None]:
    """What is wrong with the checkpoint becomes an error about the show's `model`."""
    return naming(loaded, ("model",))


def check_model(loaded: LoadedShow) -> str:
    """Look at the checkpoint's header and hash, without loading it; a note of what it is. Raises ReverieError."""
    with naming_the_model(loaded):
        path = models.resolve(model_of(loaded))
        manifest = models.read_manifest(path)
        models.check_hash(path)
    return f"model {loaded.model}: {manifest['architecture']}"


def build_renderer(
    loaded: LoadedShow, gl: GLContext, stack: ExitStack, *, adaptive: bool = True, learnt: Learnt | None = None
) -> Renderer:
    """The picture, its shaders found and compiled, to be released by `stack`. `learnt`, of a live show, is what engines
    before this one have told of them. Raises ReverieError.
    """
    show, folder = loaded.show, loaded.path.parent
    files = [_shader_file(loaded, i, learnt is not None) for i in range(len(show.passes))]
    names = pass_names(files)
    precautions = NONE if learnt is None else _precautions(dict(zip(names, files, strict=True)), learnt)
    for i, (name, file) in enumerate(zip(names, files, strict=True)):
        try:
            shader = precautions.shader(name, file)
        except ReverieError as error:
            raise loaded.error(("passes", i), str(error)) from None
        check_pass(loaded, i, {x.name: x.parameter("/passes/it") for x in shader.inputs if not x.is_image})
    requests = [PassRequest(part.shader, part.values, file) for part, file in zip(show.passes, files, strict=True)]
    size = (show.canvas.width, show.canvas.height)
    follows = isinstance(show.model, FeedPart)
    wall = Wall(show.wall.width_m, show.wall.nearest_viewer_m, show.wall.peak_nits)
    renderer = Renderer(
        gl, size, show.canvas.fps, requests, folder, adaptive, turning=follows, precautions=precautions, wall=wall
    )
    stack.callback(renderer.close)
    return renderer


def _shader_file(loaded: LoadedShow, index: int, may_be_gone: bool) -> Path:
    """Where a pass's shader lies, or, of one that may be gone since an earlier engine ran it, where it lay."""
    text, folder = loaded.show.passes[index].shader, loaded.path.parent
    try:
        return find_shader(text, folder)
    except ReverieError as error:
        if may_be_gone and HEARTBEAT.engines > 1 and text.endswith(".fs"):
            return folder.resolve() / text
        raise loaded.error(("passes", index), str(error)) from None


def _precautions(files: Mapping[str, Path], learnt: Learnt) -> Precautions:
    """A pass in which engines keep hanging is left out. Where a file holds what hung, or nothing that can be read, what
    ran well before runs in place of it.
    """
    why = "{}: left out, since the engine hung in it {} times; edit the file and it is tried again"
    left_out = {n: why.format(files[n], times) for n, times in learnt.hung.items() if times >= TIMES and n in files}
    instead = {n: good for n, good in learnt.good.items() if n in files and _will_not_do(files[n], learnt.bad.get(n))}
    return Precautions(left_out, instead, LESSONS.try_out, HEARTBEAT.mark, learnt.careful, SLOWEST_PASS)


def _will_not_do(file: Path, bad: Sources | None) -> bool:
    try:
        return load_shader(file).sources == bad
    except ReverieError:
        return True


def build_senses(loaded: LoadedShow, *, simulated: bool = False) -> Senses:
    """The show's sensors, not started. `simulated`: each played by a gallery day, no device touched."""
    types = find_sensors()
    configs = {name: _beside_the_show(config, loaded.path.parent) for name, config in loaded.show.sensors.items()}
    made = {name: types[config.type](config) for name, config in configs.items()}
    if simulated:
        return Senses({name: Driver(name, Rehearsed(sensor)) for name, sensor in made.items()})
    return Senses({name: Driver(name, sensor) for name, sensor in made.items()})


def build_tree(loaded: LoadedShow, renderer: Renderer, sets: Sequence[str], directions: Iterable[str]) -> ParameterTree:
    """All parameters, at the values of the show file and of `sets`, ADDRESS=VALUE each. `directions` are those that the
    network has. Raises ReverieError.
    """
    walk = walks()[loaded.show.walk.type]
    dream = Parameter(
        MAX_FPS, "float", DREAM_FPS, 0.5, 120.0, unit="1/s", label="Most frames", help="How often the network may dream"
    )
    network = network_parameters(loaded)
    palette = direction_parameters(loaded, directions)
    tree = ParameterTree([*walk.parameters(loaded.show.walk), *palette, dream, *network, *renderer.parameters()])
    apply_values(loaded, tree)
    for text in sets:
        _set_from_text(tree, text)
    return tree


def _set_from_text(tree: ParameterTree, text: str) -> None:
    """One `--set ADDRESS=VALUE`."""
    address, equals, raw = text.partition("=")
    if not equals:
        raise ReverieError(f"--set {text}: write it as ADDRESS=VALUE, such as /walk/speed=0.3")
    try:
        numbers = [parse_scalar(part.strip()) for part in raw.split(",")]  # colours and points have several
        tree.set(address, numbers if len(numbers) > 1 else numbers[0], clamp=False)
    except ParameterError as error:
        raise ReverieError(f"--set {text}: {error}") from None


def build_walk(loaded: LoadedShow, sets: Sequence[str]) -> tuple[Walk, DirectionOffset]:
    """The walk and what moves it along the network's directions, after a look at whether the show's `network` section
    and the directions it names, `sets` too, fit its network. Raises ReverieError.
    """
    from engine.walk.mapping import load_mapping  # brings torch

    show = loaded.show
    kind = walks()[show.walk.type]
    with naming_the_model(loaded):
        mapping = load_mapping(model_of(loaded), partial(check_network, loaded), kind.draws)
    return kind(show.walk, mapping, show.seed), build_offset(loaded, mapping, sets)


def build_work(
    loaded: LoadedShow,
    renderer: Renderer,
    senses: Senses,
    lead: Act,
    sets: Sequence[str],
    wings: Wings | None = None,
) -> Work:
    """The way of a frame. `wings` is where other networks than the `lead` come from. Raises ReverieError."""
    show = loaded.show
    tree = build_tree(loaded, renderer, sets, lead.offset.names)
    routes = matrix(loaded, tree, senses.typical())
    stage = Stage(lead, renderer, wings, show.model.fade if isinstance(show.model, FeedPart) else 0.0)
    return Work(tree, senses, routes, stage, renderer, Controls(network_parameters(loaded)))


def build_panel(loaded: LoadedShow, hub: Hub, port: int | None) -> ControlServer | None:
    """The web panel, not listening yet; None where the show has none. Raises ReverieError."""
    part = loaded.show.panel
    if part is None:
        return None
    token = None
    if part.token_file is not None:
        try:
            token = read_token(loaded.path.parent / part.token_file)
        except ReverieError as error:
            raise loaded.error(("panel", "token_file"), str(error)) from None
    try:
        return ControlServer(hub, host=part.host, port=part.port if port is None else port, token=token)
    except ReverieError as error:
        raise loaded.error(("panel",), str(error).removeprefix("panel: ")) from None


def build_outputs(loaded: LoadedShow, options: RunOptions) -> tuple[Outputs, WindowRequest | None]:
    """The outputs to open and the window they need. Without a display, or offscreen, windows are left out."""
    show, types = loaded.show, find_outputs()
    windows = [config for config in show.outputs if config.type == "window"]
    if len(windows) > 1:
        raise loaded.error(("outputs",), "a show opens one window at most; remove the others")
    configs = list(show.outputs)
    if windows and (options.offscreen or not display_available()):
        configs.remove(windows.pop())
    folder = loaded.path.parent
    made = [(config.type, types[config.type](_beside_the_show(config, folder))) for config in configs]
    if options.record_to is not None:
        config, naming = RecordingConfig(path=options.record_to), given_name(options.record_to, options.overwrite)
        made.append(("recording", RecordingOutput(config, naming=naming)))
    if not windows and all(name != "offscreen" for name, _ in made):
        made.append(("offscreen", OffscreenOutput(OffscreenConfig())))
    return made, _window_request(loaded, windows)


def given_name(path: Path, overwrite: bool) -> GivenName:
    """How the files of `--record` are called, in this engine of the run."""
    resumed = HEARTBEAT.watchdog != 0 and HEARTBEAT.played > 0  # an engine before this one has recorded
    return GivenName(path, overwrite=overwrite, resumed=resumed)


def no_display(loaded: LoadedShow, options: RunOptions, window: WindowRequest | None) -> str:
    """Why a show that wants a window runs without one, in a sentence; empty where nothing is missing."""
    wanted = any(config.type == "window" for config in loaded.show.outputs)
    if not wanted or options.offscreen or window is not None:
        return ""
    return why_no_display() or "no display: there was none as the show started"


def _beside_the_show(config: Part, folder: Path) -> Part:
    """The same with every relative path counted from the show file's folder."""
    paths = {name: folder / value for name, value in config if isinstance(value, Path)}
    return config.model_copy(update=paths)


def _window_request(loaded: LoadedShow, windows: list[Any]) -> WindowRequest | None:
    """The window of the show's first window output."""
    if not windows:
        return None
    config, canvas = windows[0], loaded.show.canvas
    return WindowRequest(loaded.show.title, config.monitor, config.fullscreen, canvas.width, canvas.height)

"""The composition root: the one file that knows every part. From a show file to a running installation."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models
from engine.clock import FixedStepClock, MonotonicClock
from engine.dream.base import FrameSource
from engine.dream.inline import InlineSource
from engine.dream.source import open_source
from engine.errors import ReverieError
from engine.live import Live, ending_by_signal
from engine.outputs.base import Canvas, Output, OutputError
from engine.outputs.offscreen import OffscreenOutput
from engine.outputs.rack import OutputRack
from engine.outputs.recording import RecordingOutput
from engine.outputs.registry import find_outputs
from engine.pacing import Pacer
from engine.params import Parameter, ParameterError, ParameterTree
from engine.render.chain import PassRequest
from engine.render.context import GLContext, WindowRequest, display_available, open_context
from engine.render.isf import load as load_shader
from engine.render.library import find_shader
from engine.render.renderer import Renderer
from engine.sensing import Rehearsed, Senses
from engine.show.loader import LoadedShow, load_show
from engine.show.schema import Kinds, json_schema
from engine.show.lines import parse_scalar
from engine.show.wiring import apply_values, check_pass, matrix
from engine.startup import Finding, print_table, progress, watch_signals
from engine.walk.registry import walks
from engine.work import MAX_FPS, Work
from sensors.driver import Driver
from sensors.registry import find_sensors

DREAM_FPS = 15.0
SENSOR_PATIENCE = 0.8  # seconds the start waits for sensors, so that the table can say what was found


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


def show_schema() -> dict[str, Any]:
    """JSON Schema of the show file with the plug-ins at hand."""
    return json_schema(kinds())


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to a show file."""

    offscreen: bool = False
    seconds: float | None = None
    port: int | None = None
    sets: tuple[str, ...] = ()
    record_to: Path | None = None


def run_show(path: Path, options: RunOptions) -> None:
    """Run a show until Ctrl-C, SIGTERM, its window is closed, or its seconds are over. Raises ReverieError."""
    with ExitStack() as stack:
        live = open_live(load(path), options, stack)
        print_table(live.loaded.show.title, live.findings(), live.notices)
        with _ending_by_signal(live.pacer):
            live.perform(options.seconds)


def open_live(loaded: LoadedShow, options: RunOptions, stack: ExitStack) -> Live:
    """Everything a running show needs, open and started, to be released by `stack`. Raises ReverieError.

    The generator's worker goes first: it takes longest, and the rest is opened while it loads.
    """
    _check_model(loaded)
    show, clock = loaded.show, MonotonicClock()
    source = open_source(_model(loaded), max_fps=DREAM_FPS)
    stack.callback(source.close)
    source.start()
    senses = _senses(loaded)
    stack.callback(senses.close)
    senses.start()
    outputs, window, notices = _outputs(loaded, options)
    gl = open_context(window)
    stack.callback(gl.close)
    renderer = _renderer(loaded, gl, stack)
    work = _work(loaded, renderer, senses, source, options.sets)
    rack = OutputRack([(name, output) for name, output in outputs], gl, _canvas(loaded))
    stack.callback(rack.close)
    rack.open()
    hub = Hub(title=show.title)
    server = _panel(loaded, hub, options.port, stack)
    live = Live(clock, show.canvas.fps, work, renderer, rack, hub)
    stack.callback(live.close)
    deadline = clock.now() + SENSOR_PATIENCE
    for driver in senses.drivers.values():
        driver.wait_first(max(0.0, deadline - clock.now()))
    return live


def check_show(path: Path) -> list[str]:
    """Everything that can be known of a show without its devices. Returns notes. Raises ReverieError."""
    loaded = load(path)
    note = _check_model(loaded)
    with ExitStack() as stack:
        gl = open_context()
        stack.callback(gl.close)
        renderer = _renderer(loaded, gl, stack)
        matrix(loaded, _tree(loaded, renderer, ()), _senses(loaded).typical())
    return [note]


def record_show(path: Path, seconds: float, output: Path, sets: Sequence[str] = ()) -> None:
    """Render a show to a video at fixed steps of its own clock, every device simulated. Raises ReverieError."""
    from engine.dream.inline import InlineSource  # brings torch

    loaded = load(path)
    _check_model(loaded)
    clock, canvas = FixedStepClock(), _canvas(loaded)
    with ExitStack() as stack:
        gl = open_context()
        stack.callback(gl.close)
        renderer = _renderer(loaded, gl, stack, adaptive=False)
        source = InlineSource(_model(loaded), DREAM_FPS, clock.now)
        work = _work(loaded, renderer, _senses(loaded, simulated=True), source, sets)
        source.start()
        recording = RecordingOutput.exact(output)
        stack.callback(recording.close)
        recording.open(gl.ctx, canvas)
        frames = Pacer(clock, canvas.fps).frames(seconds)
        for frame in progress(frames, round(seconds * canvas.fps), f"recording {output.name}"):
            recording.present(work.step(frame), frame.index, frame.time)
            work.tree.release_triggers()


def watch_sensors(path: Path, seconds: float | None) -> None:
    """Print a live table of every signal until Ctrl-C or the seconds are over. Raises ReverieError."""
    senses = _senses(load(path))
    pacer = Pacer(MonotonicClock(), 10)
    with ExitStack() as stack:
        stack.callback(senses.close)
        senses.start()
        with ending_by_signal(pacer):
            watch_signals(senses, pacer.frames(seconds))


def _canvas(loaded: LoadedShow) -> Canvas:
    part = loaded.show.canvas
    return Canvas(part.width, part.height, part.fps)


def _model(loaded: LoadedShow) -> str:
    """The show's model; a path counts from the show file's folder."""
    name = loaded.show.model
    beside = loaded.path.parent / name
    return str(beside) if name.endswith(".safetensors") and beside.exists() else name


def _check_model(loaded: LoadedShow) -> str:
    try:
        manifest = models.read_manifest(models.resolve(_model(loaded)))
    except models.CheckpointError as error:
        raise loaded.error(("model",), str(error)) from None
    return f"model {loaded.show.model}: {manifest['architecture']}"


def _renderer(loaded: LoadedShow, gl: GLContext, stack: ExitStack, *, adaptive: bool = True) -> Renderer:
    show, folder = loaded.show, loaded.path.parent
    for i, part in enumerate(show.passes):
        try:
            shader = load_shader(find_shader(part.shader, folder))
        except ReverieError as error:
            raise loaded.error(("passes", i), str(error)) from None
        check_pass(loaded, i, {x.name: x.parameter("/passes/it") for x in shader.inputs if not x.is_image})
    requests = [PassRequest(part.shader, part.values) for part in show.passes]
    size = (show.canvas.width, show.canvas.height)
    renderer = Renderer(gl, size, show.canvas.fps, requests, folder, adaptive)
    stack.callback(renderer.close)
    return renderer


def _senses(loaded: LoadedShow, *, simulated: bool = False) -> Senses:
    """The show's sensors, not started. `simulated`: each played by a gallery day, no device touched."""
    types = find_sensors()
    made = {name: types[config.type](config) for name, config in loaded.show.sensors.items()}
    if simulated:
        return Senses({name: Driver(name, Rehearsed(sensor)) for name, sensor in made.items()})
    return Senses({name: Driver(name, sensor) for name, sensor in made.items()})


def _tree(loaded: LoadedShow, renderer: Renderer, sets: Sequence[str]) -> ParameterTree:
    walk = walks()[loaded.show.walk.type]
    dream = Parameter(
        MAX_FPS, "float", DREAM_FPS, 0.5, 120.0, unit="1/s", label="Most frames", help="How often the network may dream"
    )
    tree = ParameterTree([*walk.parameters(loaded.show.walk), dream, *renderer.parameters()])
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
        tree.set(address, parse_scalar(raw), clamp=False)
    except ParameterError as error:
        raise ReverieError(f"--set {text}: {error}") from None


def _work(
    loaded: LoadedShow, renderer: Renderer, senses: Senses, source: FrameSource, sets: Sequence[str]
) -> Work:
    from engine.walk.mapping import load_mapping  # brings torch

    show = loaded.show
    tree = _tree(loaded, renderer, sets)
    routes = matrix(loaded, tree, senses.typical())
    walk = walks()[show.walk.type](show.walk, load_mapping(_model(loaded)), show.seed)
    return Work(tree, senses, routes, walk, source, renderer)


def _panel(loaded: LoadedShow, hub: Hub, port: int | None, stack: ExitStack) -> ControlServer | None:
    """The web panel, serving; None where the show has none."""
    part = loaded.show.panel
    if part is None:
        return None
    token = None
    if part.token_file is not None:
        try:
            token = (loaded.path.parent / part.token_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise loaded.error(("panel", "token_file"), f"{error}; write the token into that file") from None
    server = ControlServer(hub, host=part.host, port=part.port if port is None else port, token=token)
    stack.callback(server.close)
    server.start()
    return server


def _outputs(loaded: LoadedShow, options: RunOptions) -> tuple[list[tuple[str, Output]], WindowRequest | None, list[str]]:
    """The outputs to open, the window they need, and what to tell about windows that cannot be."""
    wanted = list(loaded.show.outputs)
    windows = [config for config in wanted if config.type == "window"]
    notices = []
    if windows and (options.offscreen or not display_available()):
        wanted = [config for config in wanted if config.type != "window"]
        notices = [] if options.offscreen else ["no display: rendering offscreen"]
        windows = []

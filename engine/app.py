"""The composition root: from a show file to a running installation, a recording, a verdict."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from itertools import islice, takewhile
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import structlog

import models
from engine.build import (
    DREAM_FPS,
    Outputs,
    RunOptions,
    build_outputs,
    build_panel,
    build_renderer,
    build_senses,
    build_tree,
    build_walk,
    build_work,
    canvas_of,
    check_model,
    given_name,
    kinds,
    load,
    load_again,
    model_of,
    naming_the_model,
    no_display,
)
from engine.checking import check_name, check_outputs
from engine.clock import FixedStepClock, MonotonicClock
from engine.control.descriptors import raise_limit
from engine.control.hub import Hub
from engine.control.server import ControlServer
from engine.directions import check_directions, find_directions
from engine.dream.source import open_source
from engine.errors import ReverieError
from engine.feed import Choice, choose, follow
from engine.heartbeat import HEARTBEAT, Stage
from engine.lessons import LESSONS
from engine.live import Live
from engine.network import bending_of, check_network
from engine.outputs.base import OutputError
from engine.outputs.rack import OutputRack
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.encoding import even
from engine.outputs.video.names import GivenName
from engine.pacing import Pacer
from engine.render.context import GLContext, WindowRequest, open_context
from engine.render.display import DisplayWatch
from engine.render.flash_log import FlashLog
from engine.sensing import Senses
from engine.show.loader import LoadedShow
from engine.show.schema import json_schema
from engine.show.wiring import matrix
from engine.stage import Act
from engine.startup import Finding, busy, print_ending, print_table, progress, watch_signals
from engine.stopping import STOP, StoppedError, until_stopped
from engine.watchdog import RESTART
from engine.work import Work

log = structlog.get_logger(__name__)

SENSOR_PATIENCE = 0.8  # seconds the start waits for sensors, so that the table can say what was found


def run_show(path: Path, options: RunOptions) -> int:
    """Run a show until Ctrl-C, SIGTERM, its window is closed, or its seconds are over; the exit code: 0, or RESTART
    where the display has come or gone. Raises ReverieError.
    """
    if options.record_to is not None and HEARTBEAT.engines <= 1:  # later a wrong name is no reason to end the show
        check_name(given_name(options.record_to, options.overwrite))
    played = HEARTBEAT.played
    loaded, outdated = load_again(path, LESSONS.read())
    if outdated:
        log.warning(outdated)
    with suppress(StoppedError), ExitStack() as stack:  # stopped while opening: close what is open, and go
        with busy(f"opening {loaded.show.title}"):
            live, findings = open_live(loaded, options, stack)
        print_table(loaded.show.title, findings)
        LESSONS.keep_show(loaded.document.text)
        live.outdated = outdated
        try:
            live.perform(None if options.seconds is None else options.seconds - played)
        finally:
            HEARTBEAT.beat(Stage.CLOSING)
        if live.restart:
            return RESTART
        print_ending(loaded.show.title, live.health.presented.count, HEARTBEAT.played - played, live.pacer.dropped)
    return 0


def open_live(loaded: LoadedShow, options: RunOptions, stack: ExitStack) -> tuple[Live, list[Finding]]:
    """Everything a running show needs, open and started, to be released by `stack`, and what was found.

    The generator's worker goes first: it takes longest, and the rest is opened while it loads. Raises ReverieError, and
    StoppedError between two steps.
    """
    _step()
    raise_limit()
    choice = choose(loaded)
    loaded = choice.loaded
    _step()
    check_model(loaded)
    _step()
    show, clock = loaded.show, MonotonicClock()
    source = open_source(model_of(loaded), max_fps=DREAM_FPS, bending=bending_of(loaded))
    stack.callback(source.close)
    source.start()
    _step()
    senses = build_senses(loaded)
    stack.callback(senses.close)
    senses.start()
    _step()
    outputs, window = build_outputs(loaded, options)
    hub = Hub(title=show.title, no_display=no_display(loaded, options, window))
    gl = _open_gl(window, hub)
    stack.callback(gl.close)
    display = _wait_for_display(hub, stack)
    _step()
    renderer = build_renderer(loaded, gl, stack, learnt=LESSONS.read())
    _step()
    walk, offset = build_walk(loaded, options.sets)
    lead, wings = Act(choice.name, walk, source, offset), follow(choice, DREAM_FPS)
    _step()
    work = build_work(loaded, renderer, senses, lead, options.sets, wings)
    stack.callback(work.stage.close)
    lead.walk.start()
    if wings is not None:
        stack.callback(wings.close)
        wings.start()
    rack = OutputRack(outputs, gl, canvas_of(loaded))
    stack.callback(rack.close)
    try:
        rack.open(patient=HEARTBEAT.engines > 1)
    except OutputError as error:
        raise ReverieError(str(error)) from None
    _step()
    server = build_panel(loaded, hub, options.port)
    if server is not None:
        stack.callback(server.close)
        server.start()
    live = Live(clock, show.canvas.fps, work, renderer, rack, hub, server, display)
    stack.callback(live.close)
    _step()
    _await_sensors(senses, clock)
    _step()
    return live, _findings(choice, live, outputs, server)


def _open_gl(window: WindowRequest | None, hub: Hub) -> GLContext:
    """At the start a window that cannot be opened is the user's to mend; a show that runs goes on offscreen."""
    try:
        return open_context(window)
    except ReverieError as error:
        if window is None or HEARTBEAT.engines < 2:
            raise
        hub.no_display = f"no display: {error}"
        return open_context()


def _wait_for_display(hub: Hub, stack: ExitStack) -> DisplayWatch | None:
    """What looks for the display that a show lacks, to be released by `stack`; None where nothing is lacking."""
    if not hub.no_display:
        return None
    log.warning(f"degraded: {hub.no_display}")
    display = DisplayWatch()
    stack.callback(display.close)
    display.start()
    return display


def _step() -> None:
    """One step of opening is done: tell the watchdog, and hear whether to go on. Raises StoppedError."""
    HEARTBEAT.beat(Stage.OPENING)
    STOP.check()


def _await_sensors(senses: Senses, clock: MonotonicClock) -> None:
    """Give devices a moment, so that the table can say what was found."""
    deadline = clock.now() + SENSOR_PATIENCE
    for driver in senses.drivers.values():
        driver.wait_first(max(0.0, deadline - clock.now()))


def _findings(choice: Choice, live: Live, outputs: Outputs, server: ControlServer | None) -> list[Finding]:
    """The start-up table."""
    loaded = choice.loaded
    no_window = any(c.type == "window" for c in loaded.show.outputs) and all(name != "window" for name, _ in outputs)
    where = ", ".join(output.describe() for _, output in outputs)
    gl = live.renderer.gl
    rows = [
        Finding("display", f"no window: {where}" if no_window else where, not no_window),
        Finding("picture", f"{gl.renderer}, {'×'.join(map(str, live.renderer.size))} internal", not gl.software),
        Finding("generator", f"{choice.name}, {live.work.source.describe()}", True),
    ]
    if choice.feed is not None:
        following = f"following {choice.feed.registry.place}, {choice.feed.follow}"
        rows.append(Finding("networks", choice.note or following, not choice.note))
    for name, driver in live.work.senses.drivers.items():
        rows.append(Finding(name, driver.found, str(driver.state) == "live"))
    if server is not None:
        rows.append(Finding("panel", f"{server.url}  {server.notice}".rstrip(), True))
    return rows


def check_show(path: Path) -> list[str]:
    """Everything that can be known of a show without opening its devices. Returns notes. Raises ReverieError."""
    choice = choose(load(path))
    loaded = choice.loaded
    notes = [check_model(loaded).replace(loaded.model, choice.name), *filter(None, [choice.note])]
    with naming_the_model(loaded):
        network = models.load(model_of(loaded))
    check_network(loaded, network)
    found = find_directions(model_of(loaded), (network.num_ws, network.w_dim))
    notes += check_directions(loaded, (), found)
    build_outputs(loaded, RunOptions())
    notes += check_outputs(loaded)
    build_panel(loaded, Hub(), None)
    with ExitStack() as stack:
        gl = open_context()
        stack.callback(gl.close)
        renderer = build_renderer(loaded, gl, stack)
        matrix(loaded, build_tree(loaded, renderer, (), found.shifts), build_senses(loaded).typical())
        if renderer.errors:
            raise ReverieError("\n".join(renderer.errors.values()))
    return notes


class Recorded(NamedTuple):
    """What came of a recording: its length in seconds, and whether that is all that was asked for."""

    seconds: float
    complete: bool


def record_show(
    path: Path,
    seconds: float,
    output: Path,
    sets: Sequence[str] = (),
    *,
    start: float = 0.0,
    overwrite: bool = False,
    stopped: Callable[[], bool] = lambda: STOP.requested,
) -> Recorded:
    """Render a show to a video at fixed steps of its own clock, every device simulated.

    Once `stopped` says so it ends with what there is. From `start` on the pictures are those of a recording from 0:
    passes may feed on the picture before and a fade on all before it, so those are drawn too, but not encoded.
    Raises ReverieError, and StoppedError where it is stopped while it loads.
    """
    naming = GivenName(output, overwrite=overwrite)
    check_name(naming)
    loaded = load(path)
    canvas = canvas_of(loaded)
    try:
        even(canvas)
        with ExitStack() as stack:
            work, gl, clock = work_at_fixed_steps(loaded, sets, stack)
            config = RecordingConfig(path=output, segment=seconds + 1)  # one file
            recording = RecordingOutput(config, exact=True, naming=naming)
            stack.callback(recording.close)
            recording.open(gl, canvas)
            recording.confirm()
            first = round(start * canvas.fps)
            last = first + ceil(seconds * canvas.fps - 1e-6)
            frames = islice(Pacer(clock, canvas.fps).frames(), last)
            shown = progress(frames, last, f"recording {output.name}")
            recorded, flashes = 0, FlashLog(work.picture.limits)
            for frame in takewhile(lambda _: not stopped(), shown):
                picture = work.step(frame)
                work.tree.release_triggers()
                flashes.look(frame.shown_at)
                if frame.index >= first:
                    recording.present(picture, frame.index, frame.shown_at)
                    recorded += 1
            flashes.finish(clock.now())
            recording.close()
    except OutputError as error:
        raise ReverieError(str(error)) from None
    return Recorded(recorded / canvas.fps, recorded == last - first)


def work_at_fixed_steps(
    loaded: LoadedShow, sets: Sequence[str], stack: ExitStack
) -> tuple[Work, GLContext, FixedStepClock]:
    """The way of a frame on a clock of its own, with the generator in line. Raises ReverieError, StoppedError."""
    from engine.dream.inline import InlineSource  # brings torch

    STOP.check()
    choice = choose(loaded)
    loaded = choice.loaded
    if choice.note:
        log.warning(f"{choice.note}; recording {choice.name}")
    check_model(loaded)
    clock = FixedStepClock()
    gl = open_context()
    stack.callback(gl.close)
    renderer = build_renderer(loaded, gl, stack, adaptive=False)
    STOP.check()
    walk, offset = build_walk(loaded, sets)
    with naming_the_model(loaded):
        source = InlineSource(model_of(loaded), DREAM_FPS, clock.now, bending_of(loaded))
    lead = Act(choice.name, walk, source, offset)
    work = build_work(loaded, renderer, build_senses(loaded, simulated=True), lead, sets)
    source.start()
    return work, gl, clock


def watch_sensors(path: Path, seconds: float | None) -> None:
    """Print a live table of every signal until Ctrl-C or the seconds are over. Raises ReverieError."""
    senses = build_senses(load(path))
    pacer = Pacer(MonotonicClock(), 10)
    with ExitStack() as stack:
        stack.callback(senses.close)
        senses.start()
        watch_signals(senses, until_stopped(pacer.frames(seconds)))


def draw_grid(model: str, of: str | Path, label: int | None, truncation_psi: float, output: Path) -> None:
    """A grid of what a network makes of seeds such as `0-15,20`, or of the latents in a file. Raises ReverieError."""
    from models.explore.grid import GridError, generate, parse_seeds  # brings torch
    from models.explore.latents import of_seeds, read_latents

    try:
        if isinstance(of, Path):
            network = models.load(model)
            z, c = read_latents(of, network, label)
        else:
            seeds = parse_seeds(of)
            network = models.load(model)
            z, c = of_seeds(seeds, network, label)
        generate(network, z, c, truncation_psi, output, lambda seen: progress(seen, len(z), "dreaming"))
    except (GridError, models.CheckpointError) as error:
        raise ReverieError(str(error)) from None


def show_schema() -> dict[str, Any]:
    """JSON Schema of the show file with the plug-ins at hand."""
    return json_schema(kinds())

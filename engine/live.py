"""A show running live: frames to the outputs, snapshots to the hub, commands from it, edited shaders taken up."""

import gc
import time
from collections.abc import Callable

import structlog

from engine.clock import Clock
from engine.control.hub import Hub
from engine.control.server import ControlServer
from engine.health import Health
from engine.heartbeat import HEARTBEAT
from engine.outputs.preview import PreviewTap
from engine.outputs.rack import OutputRack
from engine.pacing import Frame, Pacer
from engine.params import ParameterError
from engine.probation import Probation
from engine.render.display import DisplayWatch
from engine.render.flash_log import FlashLog
from engine.render.renderer import Renderer
from engine.stopping import until_stopped
from engine.work import Work

PUBLISH_EVERY = 0.05  # seconds between snapshots for the panel
REPORT_EVERY = 0.5  # seconds between health reports, and between looks at edited shaders

log = structlog.get_logger(__name__)


class Live:
    """The display loop. Display thread only, except `pacer.stop`."""

    def __init__(
        self, clock: Clock, fps: float, work: Work, renderer: Renderer, rack: OutputRack, hub: Hub,
        server: ControlServer | None = None, display: DisplayWatch | None = None,
    ) -> None:  # fmt: skip
        self.outdated = ""  # why the show file is not what runs
        self.restart = False  # whether it ended so that another engine can begin, with a display or without
        self._server = server
        self._display = display
        self.pacer = Pacer(clock, fps)
        self.health = Health(clock)
        self.work = work
        self.renderer = renderer
        self.rack = rack
        self.hub = hub
        self._preview = PreviewTap(renderer.gl)
        self._flashes = FlashLog(renderer.limits)
        self._probation = Probation(renderer.texts)
        self._publish_at = self._report_at = 0.0
        work.on_dream = self.health.dream_frame

    def perform(self, seconds: float | None, on_frame: Callable[[Frame], None] = lambda frame: None) -> None:
        """Present frames until stopped, a window is closed, or `seconds` are over."""
        self._publish(0.0)
        self._report(0.0)
        self._probation.passed(self.renderer.chain.names)
        gc.collect()
        gc.freeze()  # what stands now stays: a full collection over it took 91 ms
        for frame in until_stopped(self.pacer.frames(seconds)):
            self._take_commands()
            texture = self.work.step(frame)
            self.rack.present(texture, frame.index, frame.shown_at)
            self._presented(frame)
            if self.hub.watchers:
                self.hub.preview = self._preview.take(texture, frame.time) or self.hub.preview
            self._tell(frame.time)
            self.work.tree.release_triggers()
            on_frame(frame)
            self.restart = self.renderer.gl.lost or (self._display is not None and self._display.available)
            if self.rack.closed_by_user or self.restart:
                self.pacer.stop()
        if not self.renderer.gl.lost:
            self._flashes.finish(self.health.uptime)

    def close(self) -> None:
        """Release what this object made."""
        self._preview.close()

    def _presented(self, frame: Frame) -> None:
        self.health.presented_frame()
        self.hub.presented_at = time.monotonic()
        HEARTBEAT.frame(frame.step)
        self._probation.frame(frame.time)

    def _take_commands(self) -> None:
        for address, value in self.hub.commands.take():
            try:
                self.work.tree.set(address, value)
            except ParameterError as error:  # a parameter that went away with an edited shader
                log.info("command refused", address=address, why=str(error))

    def _tell(self, now: float) -> None:
        if now >= self._publish_at:
            self._publish(now)
        if now >= self._report_at:
            self._report(now)
            self._reload_shaders()
            if HEARTBEAT.orphaned:
                log.warning("the watchdog is gone; ending, so that another one can begin")
                self.pacer.stop()

    def _publish(self, now: float) -> None:
        self._publish_at = now + PUBLISH_EVERY
        tree, hub = self.work.tree, self.hub
        if hub.revision != tree.revision:
            hub.parameters = tuple(tree)
            hub.revision = tree.revision
        hub.snapshot = tree.snapshot()
        hub.signals = self.work.bus.snapshot()

    def _report(self, now: float) -> None:
        self._report_at = now + REPORT_EVERY
        self._flashes.look(self.health.uptime)
        window = self.renderer.gl.window
        if window is not None:
            self.hub.no_display = window.problem if window.hidden else ""
        source = self.work.source
        dream = {"dream": source.last_error} if not source.alive and source.last_error else {}
        feed = {"networks": self.work.stage.problem} if self.work.stage.problem else {}
        show = {"show": self.outdated} if self.outdated else {}
        panel = {"panel": self._server.problem} if self._server is not None and self._server.problem else {}
        shaders = {f"shader {name}": error for name, error in self.renderer.errors.items()}
        self.hub.health = self.health.report(
            self.work.senses.report(),
            show | dream | feed | panel | shaders | self.rack.problems,
            title=self.hub.title,
            dropped_frames=self.pacer.dropped,
            engine_restarts=max(HEARTBEAT.engines - 1, 0),
            dream_restarts=source.restarts,
            dream_rejected=source.rejected,
            network=self.work.stage.lead.name,
            network_changes=self.work.stage.turns,
            generator=source.describe(),
            renderer=self.renderer.gl.renderer,
            render_size=list(self.renderer.size),
            render_scale=round(self.renderer.scale, 3),
            render_quality=self.renderer.quality,
            render_ms=round(1000 * self.renderer.work, 2),
            flashes=self._flashes.report(),
        )

    def _reload_shaders(self) -> None:
        for name in self.renderer.reload_changed():
            parameters = [p for p in self.renderer.parameters() if p.address.startswith(f"/passes/{name}/")]
            self.work.tree.replace(f"/passes/{name}", parameters)
            self._probation.begin(name)

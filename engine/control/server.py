"""The control server: one thread with its own asyncio loop, beside the display loop and never in its way.

The show does not wait for it and does not end with it: a server that has ended is begun anew on the same socket.
"""

import socket
import threading
import time

import structlog

from engine.control.hub import Hub
from engine.control.listen import listen
from engine.control.loop import Loop
from engine.control.security import Door

CLOSE_WITHIN = 2.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
SOUND_AFTER = 60.0  # seconds of service after which earlier failures are forgotten

log = structlog.get_logger(__name__)


class ControlServer:
    """Panel, WebSocket and JSON interface of one show. Raises ReverieError for a host that needs a token and has none.

    `port` None: 8700, or the next free one, and `notice` says so. `token` is required beyond loopback.
    """

    def __init__(self, hub: Hub, *, host: str = "127.0.0.1", port: int | None, token: str | None = None) -> None:
        self._door = Door(host, token)
        self._hub = hub
        self._host = host
        self._port = port
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: Loop | None = None
        self._up = threading.Event()
        self._ending = threading.Event()
        self._why = "starting"
        self._lost = False
        self.notice = ""
        self.url = ""

    @property
    def problem(self) -> str:
        """Why there is no panel just now; empty where there is one. Any thread."""
        return "" if self._up.is_set() or self._thread is None else self._why

    def start(self) -> None:
        """Listen, and serve in a daemon thread soon: clients wait that long. Raises ReverieError where it cannot."""
        self._listener, self.notice = listen(self._host, self._port)
        self.url = _url(self._host, self._listener.getsockname()[1])
        self._ending.clear()
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), name="control server", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout: float) -> bool:
        """Wait until clients are answered, `timeout` seconds at most; whether they are."""
        return self._up.wait(timeout)

    def close(self) -> None:
        """Say goodbye to every client and end the thread, in two seconds at most. Any thread; twice is fine."""
        if self._thread is None or self._listener is None:
            return
        self._ending.set()
        if self._loop is not None:
            self._loop.should_exit = True
        self._thread.join(CLOSE_WITHIN)
        if self._thread.is_alive():
            log.warning("the control server has not ended; leaving it behind")
        self._listener.close()
        self._thread = self._listener = self._loop = None
        self._hub.watchers = 0

    def _serve(self, listener: socket.socket) -> None:
        """One loop after another until the end."""
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            begun = time.monotonic()
            why = self._serve_once(listener)
            self._up.clear()
            self._hub.watchers = 0
            if self._ending.is_set():
                if why:
                    log.warning("the control server did not end well", why=why[:200])
                return
            if time.monotonic() - begun > SOUND_AFTER:
                pause = FIRST_PAUSE
            self._lose(why or "it stopped by itself")
            self._ending.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _serve_once(self, listener: socket.socket) -> str:
        """Serve until told to end. Returns what went wrong, if anything."""
        try:
            self._loop = Loop(self._hub, self._door, self._is_up)
            self._loop.should_exit = self._ending.is_set()  # asked for before there was anybody to ask
            with listener.dup() as own:
                self._loop.run([own])
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the show goes on and it is said
            return f"{type(error).__name__}: {error}"
        return ""

    def _is_up(self) -> None:
        self._up.set()
        if self._lost:
            self._lost = False
            log.info("the panel is served again", url=self.url)

    def _lose(self, why: str) -> None:
        self._why = f"the web server ended ({why[:200]}); trying again"
        if not self._lost:
            self._lost = True
            log.warning("the panel is not served; trying again until it is", why=why[:200])


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"

"""The watchdog of a running show: a small process around the engine that ends it when it hangs and starts it anew.

`reverie run` splits in two before it imports anything large. The parent keeps the process id that a service manager
knows, hands signals on, and looks at the engine's heartbeat; the engine is its child. A frame that does not come for
HANGING seconds, or a step of opening or closing that takes far too long, means that the engine hangs: most likely in a
driver, where no signal and no thread of its own can help it. It is killed, and another one begins with what was learnt
(`lessons`). An engine that dies on its own, with its X server say, is replaced as well. One that says it is done is
done.

Tried and left: a watchdog thread, which waits for the interpreter's lock as everything else does; and an engine that
watches a child, which a service manager takes for the service and kills with it.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from engine.heartbeat import Heartbeat, Stage
from engine.lessons import TIMES, Lessons
from engine.stopping import Stop

OPENING = 120.0  # seconds that one step of opening may take
OPENING_TO_END = 30.0  # the same once the program was asked to end
HANGING = 10.0  # seconds without a frame
CLOSING = 60.0  # seconds that one step of closing may take: a recording is being finished
LOOK = 0.1  # seconds between looks
BARREN = 3  # engines after the first that may end without a frame before the show is given up
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before another engine begins, doubled while none lasts
LASTED = 60.0  # seconds of pictures after which an engine counts as one that lasted

RESTART = 75  # the exit code with which an engine asks for another one
FAILED = 1
PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


class Watchdog:
    """Runs one engine after another until one is done or the program is asked to end. Main thread of the parent."""

    def __init__(self, heartbeat: Heartbeat, stop: Stop, lessons: Lessons, now: Callable[[], float]) -> None:
        """`now` is the clock of its patience, in seconds."""
        self._heartbeat = heartbeat
        self._stop = stop
        self._lessons = lessons
        self._now = now
        self._engine = 0
        self._heard: list[int] = []  # signals that are to be handed on
        self._showed = False  # whether any engine has shown a frame
        self._barren = 0
        self._pause = FIRST_PAUSE
        self._played = 0.0

    def watch(self) -> int | None:
        """The exit code of the program; None in the engine's process, which is to go on with its work."""
        self._heartbeat.watchdog = os.getpid()
        self._stop.listen(self._note)
        signal.signal(signal.SIGTSTP, self._note)
        code = None
        while code is None:
            self._begin()
            if not self._engine:
                return None
            code = self._verdict(*self._wait())
        return code

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._stop.requested |= number != signal.SIGTSTP
        self._heard.append(number)

    def _begin(self) -> None:
        """Split off an engine; in its process `_engine` stays 0. A signal that comes meanwhile waits."""
        self._heartbeat.opening()
        self._played = self._heartbeat.played
        held = {*self._stop.numbers, signal.SIGTSTP}
        signal.pthread_sigmask(signal.SIG_BLOCK, held)
        hearing, hears = os.pipe()
        self._engine = os.fork()
        if not self._engine:
            self._become_an_engine(held)
            os.close(hearing)
        os.close(hears)  # in the engine: now it hears what is handed on
        if self._engine:
            os.read(hearing, 1)  # until then: earlier, what is handed on would be lost
            os.close(hearing)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)

    def _become_an_engine(self, held: set[int]) -> None:
        os.setpgid(0, 0)  # the terminal's Ctrl-C goes to the watchdog alone, which hands it on
        for number in held:
            signal.signal(number, signal.SIG_IGN)  # what reached it in between will be handed on: once is enough
        self._stop.listen()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # it may still write to the terminal
        _end_with(self._heartbeat.watchdog)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it has ended, and is about to be noticed
            os.kill(self._engine, number)

    def _wait(self) -> tuple[str, bool]:
        """Until the engine has ended; why, in a few words, and whether it hung."""
        seen, since, why = (-1, False), self._now(), ""
        while True:
            pid, status = os.waitpid(self._engine, os.WNOHANG)
            if pid:
                return why or _ending(status), bool(why)
            signs = (self._heartbeat.beats, self._stop.requested)
            if signs != seen:
                seen, since = signs, self._now()
            elif not why and self._now() - since > self._patience():
                why = self._hanging(self._now() - since)
                self._signal(signal.SIGKILL)
            while self._heard:  # handed on here, where the engine surely is
                self._hand_on(self._heard.pop(0))
            time.sleep(LOOK)

    def _hand_on(self, number: int) -> None:
        """Ctrl-Z stops the engine and then this process, until a shell has both go on."""
        if number != signal.SIGTSTP:
            self._signal(number)
            return
        self._signal(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._signal(signal.SIGCONT)

    def _patience(self) -> float:
        if self._heartbeat.stage is Stage.OPENING:
            return OPENING_TO_END if self._stop.requested else OPENING
        return CLOSING if self._heartbeat.stage is Stage.CLOSING else HANGING

    def _hanging(self, seconds: float) -> str:
        missing = {Stage.OPENING: "step of opening", Stage.RUNNING: "frame", Stage.CLOSING: "step of closing"}
        where = f" in the pass {self._heartbeat.marked}" if self._heartbeat.marked else ""
        return f"the engine hung{where}: no {missing[self._heartbeat.stage]} for {seconds:.0f} s"

    def _verdict(self, why: str, hung: bool) -> int | None:
        """What the program ends with; None where another engine is to begin. Once frames were shown, only an engine
        that says all is well ends the show: a mistake made in its file meanwhile leaves no wall dark.
        """
        beat = self._heartbeat
        self._showed |= beat.frames > 0
        if self._stop.requested:
            return self._last_word(why)
        if beat.code == RESTART:
            return self._rest()
        if beat.code == 0 or (beat.code is not None and not self._showed):
            return beat.code
        if hung or beat.marked:
            self._lessons.learn(beat.marked)
        self._barren += not beat.marked  # of a pass that is to blame there is an end: it is left out
        if self._barren > BARREN and not self._showed:
            _say(f"{why}; given up: no frame was shown in {self._heartbeat.engines} tries")
            return FAILED
        _say(f"{why}; starting anew{self._consequence(beat.marked)}")
        return self._rest()

    def _last_word(self, why: str) -> int:
        """The exit code after a stop."""
        if self._heartbeat.code is None:
            _say(f"{why}, after it was asked to end")
            return FAILED
        return 0 if self._heartbeat.code == RESTART else self._heartbeat.code

    def _consequence(self, name: str) -> str:
        learnt = self._lessons.read()
        if learnt.hung.get(name, 0) >= TIMES:
            return f", without the pass {name}: edit its shader, and it is tried again"
        return f", with the last good version of {name}" if name in learnt.good else ""

    def _rest(self) -> int | None:
        """Wait before the next engine: longer each time, unless the last one lasted. 0 after a stop, else None."""
        if self._heartbeat.played - self._played > LASTED:
            self._pause = FIRST_PAUSE
        begun = self._now()
        while self._now() - begun < self._pause and not self._stop.requested:
            time.sleep(LOOK)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return 0 if self._stop.requested else None


def _end_with(parent: int) -> None:
    """Have this process killed when its parent is gone: one that hangs could not notice. Linux; elsewhere the display
    loop looks.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # gone in between
            os._exit(FAILED)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"the engine was killed by {signal.Signals(-code).name}"
    return f"the engine ended unexpectedly, with code {code}"


def _say(sentence: str) -> None:
    """One line of the log, in its style: the log's library is not loaded in this small process."""
    with suppress(OSError, ValueError):  # nobody listens any more: no reason to leave the wall dark
        print(time.strftime("%Y-%m-%d %H:%M:%S"), "[warning  ]", sentence, file=sys.stderr, flush=True)

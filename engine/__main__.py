"""`reverie` and `python -m engine`: what happens before anything large is imported."""

from engine.stopping import STOP


def main() -> None:
    """Entry point. A running show goes on in a child of this process, which becomes its watchdog."""
    STOP.listen()  # first: whoever asks this program to end from here on is heard
    import sys

    from engine.console import prepare_streams
    from engine.heartbeat import HEARTBEAT

    prepare_streams()  # before a file is opened, which would get the number of a stream that is closed
    if sys.argv[1:2] == ["run"]:
        watch()
    from engine.cli import main as command

    try:
        command()
    except SystemExit as end:
        HEARTBEAT.finish(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise


def watch() -> None:
    """Return in the engine's process; the watchdog's ends in here."""
    import sys

    from engine.clock import WakingClock
    from engine.heartbeat import HEARTBEAT
    from engine.lessons import LESSONS
    from engine.watchdog import Watchdog

    code = Watchdog(HEARTBEAT, STOP, LESSONS, WakingClock().now).watch()
    if code is not None:
        sys.exit(code)


def only_our_models() -> None:
    """With `python -m` the current folder is searched first, and a user may have a models.py there: leave it out."""
    import os
    import sys
    from pathlib import Path

    here = os.getcwd()
    if sys.path[0] in ("", here) and Path(here).resolve() != Path(__file__).resolve().parents[1]:
        del sys.path[0]


if __name__ == "__main__":
    STOP.listen()
    only_our_models()
    main()

"""What a killed run left unfinished becomes a file like any other."""

import os
import shutil
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from engine.files import sync_folder
from engine.outputs.video.boxes import is_mp4, may_hold_pictures, whole_length
from engine.outputs.video.names import MENDING, Name, Naming
from engine.outputs.video.part_file import lock


class UnreadableError(Exception):
    """A file that has the name of a recording, and cannot be finished: it is left as it is."""


def mend(part: Path, name: Name, naming: Naming, stopped: Callable[[], bool]) -> Path | None:
    """Finish a file that nobody writes any more; where it lies then. None where there was nothing to do.

    It becomes an ordinary MP4 by a copy of its stream. Without room for that, or once `stopped`, it stays in fragments,
    which players read as well. Raises OSError, UnreadableError.
    """
    try:
        file = FileIO(part, "r+")
    except FileNotFoundError:  # its writer has just finished it
        return None
    with file:
        if not _is_ours(file, part):
            return None
        whole = whole_length(cast(BinaryIO, file))
        if not whole:
            if may_hold_pictures(cast(BinaryIO, file)):
                raise UnreadableError
            part.unlink()
            return None
        file.truncate(whole)
        _make_ordinary(part, stopped)
        target = naming.settle(part, name)
        sync_folder(target.parent)
        return target


def _is_ours(file: FileIO, part: Path) -> bool:
    """Whether no process writes to the file, and it has not got its final name meanwhile. Raises UnreadableError."""
    if not lock(file):
        return False
    try:
        same = os.path.samestat(os.fstat(file.fileno()), part.stat())
    except FileNotFoundError:
        return False
    if same and not is_mp4(cast(BinaryIO, file)):
        raise UnreadableError
    return same


def sweep(naming: Naming) -> None:
    """Delete the copies whose parts are gone; those of the others go as the parts are mended. Raises OSError."""
    for copy in list(naming.copies()):
        if not copy.with_name(copy.name.removesuffix(MENDING)).exists():
            copy.unlink(missing_ok=True)


def _make_ordinary(part: Path, stopped: Callable[[], bool]) -> None:
    """Replace a file in fragments by the same in one piece, where that can be done."""
    from av.error import FFmpegError  # brings FFmpeg

    copy = part.with_name(part.name + MENDING)
    try:
        if _copy_stream(part, copy, stopped):
            shutil.copystat(part, copy)  # it is as old as its pictures
            with copy.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(copy, part)
    except (OSError, FFmpegError):  # no room, or FFmpeg cannot read it: the fragments stay
        pass
    finally:
        copy.unlink(missing_ok=True)


def _copy_stream(source: Path, target: Path, stopped: Callable[[], bool]) -> bool:
    """Whether all packets were copied before it was stopped."""
    import av

    given_at, made_at = f"file:{source}", f"file:{target}"  # else `pipe:0.mp4` would be a protocol of FFmpeg's
    with av.open(given_at) as given, av.open(made_at, "w", format="mp4") as made:
        stream: Any = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if stopped():
                return False
            if packet.dts is not None:  # the last one is empty
                packet.stream = stream
                made.mux(packet)
    return True

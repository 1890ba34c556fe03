"""What a killed run left unfinished becomes a file like any other."""

import os
import shutil
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from engine.files import sync_folder
from engine.outputs.video.boxes import is_mp4, whole_length
from engine.outputs.video.names import MENDING, Name, Naming
from engine.outputs.video.part_file import lock


def mend(part: Path, name: Name, naming: Naming, stopped: Callable[[], bool]) -> Path | None:
    """Finish a file that nobody writes any more; where it lies then. None where there was nothing to do.

    It becomes an ordinary MP4 by a copy of its stream. Without room for that, or once `stopped`, it stays in fragments,
    which players read as well. Raises OSError.
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
            part.unlink()
            return None
        file.truncate(whole)
        _make_ordinary(part, stopped)
        target = naming.settle(part, name)
        sync_folder(target.parent)
        return target


def _is_ours(file: FileIO, part: Path) -> bool:
    """Whether no process writes to the file, it has not got its final name meanwhile, and it is a video."""
    if not lock(file):
        return False
    try:
        return os.path.samestat(os.fstat(file.fileno()), part.stat()) and is_mp4(cast(BinaryIO, file))
    except FileNotFoundError:
        return False


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

    with av.open(str(source)) as given, av.open(str(target), "w", format="mp4") as made:
        stream: Any = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if stopped():
                return False
            if packet.dts is not None:  # the last one is empty
                packet.stream = stream
                made.mux(packet)
    return True

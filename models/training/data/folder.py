"""A set in a folder, read through all its levels: originals of any size, or Hugging Face's imagefolder."""

import os
from collections.abc import Iterator
from pathlib import Path

from models.training.config import TrainingError
from models.training.data.source import Source, check_bytes, is_picture, is_table


class Folder(Source):
    """Pictures may have any size. Raises TrainingError for what cannot be read and for links that lead out."""

    uniform = False

    def __init__(self, path: Path) -> None:
        files = sorted(_files(path))
        super().__init__(path, [name for name in files if is_picture(name)], [name for name in files if is_table(name)])

    def read(self, name: str) -> bytes:
        file = self.path / name
        try:
            check_bytes(file.stat().st_size, self.where(name))
            return file.read_bytes()
        except OSError as error:
            raise _unreadable(file, error) from None


def _files(root: Path) -> Iterator[str]:
    """Paths of pictures and tables, from `root` on."""

    def refuse(error: OSError) -> None:
        raise _unreadable(Path(error.filename), error)

    real = root.resolve()
    for folder, folders, files in os.walk(root, onerror=refuse):
        place = Path(folder)
        for name in folders:
            _check_link(place / name, real)
        for name in files:
            path = place / name
            relative = path.relative_to(root).as_posix()
            if is_picture(relative) or is_table(relative):
                _check_link(path, real)
                _check_kind(path)
                yield relative


def _check_link(path: Path, root: Path) -> None:
    if not path.is_symlink():
        return
    try:
        inside = path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # it leads to itself
        inside = True  # and to nothing, which is said of it next
    if not inside:
        raise TrainingError(
            f"{path} is a link that leads out of the folder; put what it leads to there, or take it out"
        )


def _check_kind(path: Path) -> None:
    if not path.is_file():
        raise TrainingError(f"{path} is no file that can be read (a dead link, pipe or device); take it out")


def _unreadable(path: Path, error: OSError) -> TrainingError:
    return TrainingError(f"{path} cannot be read ({error.strerror}); mend that or take it out")

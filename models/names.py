"""Built-in names and paths of checkpoints."""

from pathlib import Path
from stat import S_ISREG

from models.errors import CheckpointError
from models.manifest import not_a_file, unreadable

BUILTIN = Path(__file__).parent / "builtin"
SUFFIX = ".safetensors"
DIRECTIONS = f".directions{SUFFIX}"  # beside a network, see models/explore/
FOREIGN = (".pkl", ".pt")  # what `reverie convert` takes


def builtin_names() -> list[str]:
    """The networks that come with Reverie."""
    return sorted(path.stem for path in BUILTIN.glob(f"*{SUFFIX}") if not path.name.endswith(DIRECTIONS))


def player_path(path: Path, role: str) -> Path:
    """Where the G or D of a network's training stands: beside it."""
    return path.with_name(f"{path.stem}.{role}{SUFFIX}")


def resolve(model: str | Path) -> Path:
    """The file a show or command line means: a built-in name, or a path ending in .safetensors.

    Raises CheckpointError.
    """
    name = str(model)
    if not name.endswith(SUFFIX):
        if name in builtin_names():
            return BUILTIN / f"{name}{SUFFIX}"
        if name.endswith(FOREIGN):
            raise CheckpointError(f"{name}: not a checkpoint yet; run: reverie convert {name} NAME{SUFFIX}")
        known = ", ".join(builtin_names()) or "none"
        raise CheckpointError(
            f"there is no built-in network {name!r}; there are {known}, or give a path ending in {SUFFIX}"
        )
    path = Path(model)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no file can have such a name
        known = ", ".join(builtin_names()) or "none"
        raise CheckpointError(
            f"{path}: there is no such checkpoint; give an existing file or a built-in name: {known}"
        ) from None
    except OSError as error:
        raise unreadable(path, error) from None
    if not S_ISREG(mode):
        raise not_a_file(path)
    return path

"""Documents of a museum's server, kept while an import lasts: one that was killed asks for none of them twice."""

import hashlib
import shutil
import time
from pathlib import Path

from models.archive.errors import ArchiveError
from models.archive.reading import ReadUrl
from models.files import write_atomically

FOLDER = "reading"
FRESH_S = 86_400.0  # what is older is asked for again: the museum may have changed it


def documents(archive: Path, source: str, read_url: ReadUrl | None) -> ReadUrl | None:
    """`read_url` with a memory in the archive's folder, for all but `source` itself, with which an archive is not
    begun yet. It raises ArchiveError where the disk refuses.
    """
    if read_url is None:
        return None
    return lambda address: read_url(address) if address == source else _kept(archive / FOLDER, address, read_url)


def forget(archive: Path) -> None:
    """What was kept; for an import that is through."""
    shutil.rmtree(archive / FOLDER, ignore_errors=True)


def _kept(folder: Path, address: str, read_url: ReadUrl) -> bytes:
    path = folder / hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        if path.is_file() and time.time() - path.stat().st_mtime < FRESH_S:
            return path.read_bytes()
        content = read_url(address)
        write_atomically(path, lambda temporary: temporary.write_bytes(content))
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be written ({error.strerror}); see that the disk has room") from None
    return content

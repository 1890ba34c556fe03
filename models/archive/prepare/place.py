"""Where the files of a set lie: `models.remote` in the words of an archive."""

from models.archive.errors import ArchiveError
from models.remote import AddressError, Remote


def place(address: str) -> Remote:
    """What is at an address of fsspec, or at a path. Raises ArchiveError where nothing can be."""
    try:
        return Remote.at(address)
    except AddressError as error:
        raise ArchiveError(str(error)) from None

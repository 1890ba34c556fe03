"""The token of a panel, and the file a show keeps it in."""

import os
import stat
from pathlib import Path

from engine.errors import ReverieError

SHORTEST = 16
LARGEST_FILE = 4096
REMEDY = f"write one line of at least {SHORTEST} letters and digits into it"


def read_token(path: Path) -> str:
    """The token in a file. Raises ReverieError with a sentence that names the file."""
    try:
        raw = _read(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReverieError(f"{path} cannot be read ({reason}); {REMEDY}") from None
    if raw is None:
        raise ReverieError(f"{path} is not a regular file; name one, and {REMEDY}")
    if len(raw) > LARGEST_FILE:
        raise ReverieError(f"{path} is larger than {LARGEST_FILE} bytes, so no token; {REMEDY}")
    try:
        token = raw.decode("utf-8-sig").strip()  # some editors begin a file with a mark
    except UnicodeDecodeError:
        raise ReverieError(f"{path} is not text; {REMEDY}") from None
    check_token(token)
    return token


def check_token(token: str) -> None:
    """Raises ReverieError for a token that can be guessed, or that a header cannot carry."""
    if not token:
        raise ReverieError(f"the token is empty; it needs at least {SHORTEST} letters and digits")
    if len(token) < SHORTEST:
        raise ReverieError(
            f"the token has {len(token)} characters; it needs at least {SHORTEST}, so that none guesses it"
        )
    if not (token.isascii() and token.isprintable()):
        raise ReverieError("the token has characters that a header cannot carry; use one line of letters and digits")


def _read(path: Path) -> bytes | None:
    """What the file holds, a byte more than LARGEST_FILE at most; None for a folder, device or pipe.

    Opening a pipe would wait for somebody to write into it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(handle, LARGEST_FILE + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    finally:
        os.close(handle)

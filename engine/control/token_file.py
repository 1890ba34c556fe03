"""The token of a panel, and the file a show keeps it in."""

from pathlib import Path

from engine.errors import ReverieError
from engine.files import read_file

SHORTEST = 16
LARGEST_FILE = 4096
REMEDY = f"write one line of at least {SHORTEST} letters and digits into it"


def read_token(path: Path) -> str:
    """The token in a file. Raises ReverieError with a sentence that names the file."""
    raw = read_file(path, LARGEST_FILE, REMEDY)
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

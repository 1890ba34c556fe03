"""The one exception a user ever sees: a sentence instead of a traceback."""

LONGEST_QUOTE = 80


class ReverieError(Exception):
    """A mistake or absence the user can mend. The message says what, where (file, line, key) and what to do.

    The command line prints it as one sentence and exits with code 2.
    """


def printable(text: str) -> str:
    """Text from a file, fit for a terminal: what is no printable character would steer it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def shortened(text: str) -> str:
    """The beginning of a text from a file, as much as a sentence can quote."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"

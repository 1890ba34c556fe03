"""The one exception a user ever sees: a sentence instead of a traceback."""


class ReverieError(Exception):
    """A mistake or absence the user can mend. The message says what, where (file, line, key) and what to do.

    The command line prints it as one sentence and exits with code 2.
    """

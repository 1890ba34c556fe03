"""A file in memory, read forwards. What it claims to hold never makes more of it than there is."""

SMALL = 256
LONGEST_LINE = 512


class Stream:
    """What `pickletools.genops` reads from: pieces no longer than what is left, long ones as views without a copy."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def tell(self) -> int:
        """Bytes read so far."""
        return self._at

    def read(self, count: int) -> bytes:
        """At most `count` bytes; fewer at the end."""
        piece = self._data[self._at : self._at + max(count, 0)]
        self._at += len(piece)
        return piece if len(piece) > SMALL else bytes(piece)  # type: ignore[return-value]  # as good as bytes to genops

    def readline(self) -> bytes:
        """Up to the end of the line; nothing where there is none near."""
        window = bytes(self._data[self._at : self._at + LONGEST_LINE])
        line = window[: window.find(b"\n") + 1]
        self._at += len(line)
        return line

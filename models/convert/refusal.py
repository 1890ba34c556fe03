"""Why a file is not converted, and how much work one may cause."""


class Refused(Exception):
    """One clause that says what is wrong; whoever catches it knows the file's name."""


class Budget:
    """What a file may cost: steps, of which a published network needs up to 100 000, and bytes of its own copied."""

    def __init__(self, copies: int = 0, steps: int = 400_000) -> None:
        self.left = steps
        self._copies = copies

    def spend(self, steps: int = 1) -> None:
        """Raises Refused when there is nothing left."""
        self.left -= steps
        if self.left < 0:
            raise Refused("it asks for far more objects than a network has")

    def copy(self, count: int) -> None:
        """Raises Refused where a file has the same bytes copied again and again."""
        self._copies -= count
        if self._copies < 0:
            raise Refused("it asks for more bytes than it holds")

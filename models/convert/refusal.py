"""Why a file is not converted, and how much work one may cause."""


class Refused(Exception):
    """One clause that says what is wrong; whoever catches it knows the file's name."""


class Budget:
    """Steps a file may cost. A published network needs up to 100 000; a hostile one wants billions."""

    def __init__(self, steps: int = 400_000) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises Refused when there is nothing left."""
        self.left -= steps
        if self.left < 0:
            raise Refused("it asks for far more objects than a network has")

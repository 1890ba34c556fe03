"""How large the pictures of a set are."""

from collections import Counter

from models.training.config import TrainingError
from models.training.data.source import Source, shown

Size = tuple[int, int]  # width and height


class Sizes:
    """Counts the pictures of each size."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._counts: Counter[Size] = Counter()
        self._first: dict[Size, str] = {}

    def add(self, name: str, size: Size) -> None:
        """One more picture."""
        self._counts[size] += 1
        self._first.setdefault(size, name)

    def check(self) -> None:
        """Raise TrainingError unless all have one size."""
        (usual, count), *others = self._counts.most_common()
        if not others:
            return
        odd = others[0][0]
        raise TrainingError(
            f"{self._source.path} mixes sizes: {_pictures(count)} of {_words(usual)}, {self._counts.total() - count} of"
            f" others, such as {shown(self._first[odd])} of {_words(odd)}; prepare them with `reverie archive prepare`,"
            " or give a folder of them, which are then cut and resized"
        )


def _words(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"

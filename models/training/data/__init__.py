"""Training pictures: `open_set` opens them, `Loader` has batches of them ready in time."""

from models.training.data.images import ImageSet, scaled
from models.training.data.loader import Loader
from models.training.data.opening import open_set

__all__ = ["ImageSet", "Loader", "open_set", "scaled"]

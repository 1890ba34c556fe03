"""How near a network's pictures come to those it learns from."""

from models.metrics.errors import MetricsError
from models.metrics.measuring import METRICS, check, floor, measure
from models.metrics.sliced import sliced_wasserstein, swd

__all__ = ["METRICS", "MetricsError", "check", "floor", "measure", "sliced_wasserstein", "swd"]

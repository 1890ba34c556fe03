"""A network is not measured by the features that it was trained to please."""

from typing import Any

from models.metrics.errors import MetricsError

DEEPEST = 32  # networks that began with one another


def check_independent(provenance: Any, features: str) -> None:
    """Raise MetricsError where a network, or one that it began with, was trained against `features`."""
    for _ in range(DEEPEST):
        if not isinstance(provenance, dict):
            return
        settings = provenance.get("settings")
        if isinstance(settings, dict) and _looked_through(settings) == features:
            raise MetricsError(
                f"the network was trained against {features}, whose figures would flatter it; measure with another"
                " --features"
            )
        provenance = provenance.get("started_from")


def _looked_through(settings: dict[str, Any]) -> Any:
    return settings.get("features") if settings.get("discriminator") == "projected" else None

"""From fetched files to a training set: decoded whole, upright, in sRGB, cut to size, each with its origin."""

from models.archive.prepare.settings import Settings

__all__ = ["Settings"]

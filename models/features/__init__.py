"""Frozen pretrained networks, through whose features pictures are compared."""

from models.features.backbone import FAMILY, Backbone, load, member, other_than, resized, sha256_of
from models.features.errors import FeaturesError

__all__ = ["FAMILY", "Backbone", "FeaturesError", "load", "member", "other_than", "resized", "sha256_of"]

"""Discriminators that look at pictures through frozen pretrained features (Sauer et al. 2021, "Projected GANs")."""

from models.training.projected.network import KIND, Config, Projected, sizes_of

__all__ = ["KIND", "Config", "Projected", "sizes_of"]

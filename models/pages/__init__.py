"""Pages to look at: one file each, that loads nothing, runs no script, and is readable on paper."""

from models.pages.rendering import render

__all__ = ["render"]

"""The runtime of Reverie: from a show file to light on a wall."""

__version__ = "0.1.0"

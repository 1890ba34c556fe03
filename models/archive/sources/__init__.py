"""Kinds of catalogue, one file each. To add one, write it like `tate.py` and name it here."""

from models.archive.sources import moma, table, tate
from models.archive.sources.base import Adapter

ALL: tuple[Adapter, ...] = (moma, tate, table)  # in the order in which they are asked

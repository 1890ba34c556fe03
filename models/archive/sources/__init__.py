"""Kinds of catalogue, one file each. To add one, write it like `tate.py` and name it here."""

from models.archive.sources import aic, folder, iiif, imagefolder, met, moma, table, tate
from models.archive.sources.base import Adapter

ALL: tuple[Adapter, ...] = (moma, tate, met, aic, iiif, imagefolder, table, folder)  # in the order they are asked
MAPPED: tuple[Adapter, ...] = (imagefolder, table)  # those whose columns may be named by the user

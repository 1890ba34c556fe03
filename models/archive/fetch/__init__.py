"""From a catalogue's addresses to picture files, each downloaded once."""

from models.archive.fetch.fetching import Fetched, fetch

__all__ = ["Fetched", "fetch"]

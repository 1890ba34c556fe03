"""From a catalogue's addresses to picture files, each downloaded once."""

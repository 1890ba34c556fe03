"""Flashes, as WCAG 2.3.1 and ITU-R BT.1702 define them: where they are in frames, and whether they are too many."""

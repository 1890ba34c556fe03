"""The real-time path: the same pictures as the exact networks, prepared for one device and drawn one at a time."""

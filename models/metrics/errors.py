"""What can be wrong when a network is measured, for a user to read."""


class MetricsError(Exception):
    """A measurement that cannot be made: one sentence with what, where and what to do."""

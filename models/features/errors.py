"""What can be wrong with a network of features, for a user to read."""


class FeaturesError(Exception):
    """Features that cannot be had: one sentence with what, where and what to do."""

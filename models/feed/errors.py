"""What can go wrong between a training and a wall."""


class FeedError(Exception):
    """A registry that cannot be used now, or a wish it cannot fulfil: one sentence."""


class RefusedError(FeedError):
    """A network of a registry that no show can use, however often it is fetched: one sentence."""

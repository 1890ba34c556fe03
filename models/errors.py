"""What can be wrong with a checkpoint, for a user to read."""


class CheckpointError(Exception):
    """A checkpoint that cannot be used: one sentence with what, where and what to do."""

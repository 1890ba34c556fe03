"""Which latent a seed is, wherever seeds are named: on the command line, in files, in shows."""

import numpy as np
from numpy.typing import NDArray

LARGEST_SEED = 2**63 - 1


def seed_z(seed: int, z_dim: int) -> NDArray[np.float32]:
    """z [z_dim] of a seed, 0 to LARGEST_SEED: the same on every machine."""
    return np.random.default_rng(seed).standard_normal(z_dim, dtype=np.float32)

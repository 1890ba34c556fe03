"""How pictures and catalogues are asked for over the network: politely, and only where the operator allows it."""

from models.archive.net.policy import Policy
from models.archive.net.reading import read_url

__all__ = ["Policy", "read_url"]

"""The live feed: networks on their way from a training to a wall, through a registry that people judge them in."""

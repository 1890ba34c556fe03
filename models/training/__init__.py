"""Training: `train(TrainConfig(...))` is the one way in."""

from models.training.config import TrainConfig, TrainingError, parse_canvas
from models.training.loop import train

__all__ = ["TrainConfig", "TrainingError", "parse_canvas", "train"]

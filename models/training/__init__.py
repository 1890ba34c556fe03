"""Training: `train(TrainConfig(...))` is the one way in."""

from models.training.config import TrainConfig, TrainingError
from models.training.loop import train

__all__ = ["TrainConfig", "TrainingError", "train"]

"""How a run learns, settled: what was asked for, what an earlier run says, what the preset says, in this order."""

from dataclasses import dataclass

from models.training.config import AugmentName, LossName, NumberName, TrainingError


@dataclass(frozen=True)
class Recipe:
    """What decides, with the data and the first weights, every bit of a run on one CPU. Intervals in iterations."""

    seed: int
    batch: int
    part: int  # images that a thread takes at a time; the unit of randomness, and what memory must hold per thread
    mirror: bool
    loss: LossName
    gamma: float  # weight of the gradient penalty
    penalty_interval: int  # of the gradient penalty (lazy regularisation)
    path_weight: float  # of the path length penalty; 0: none
    path_interval: int
    learning_rate: float
    # kimg in which the generator's learning rate rises from 0: what a new discriminator says at first is noise, and
    # would undo what the generator knows
    warm_up: float
    ema_kimg: float  # half-life of the moving average of the generator's weights
    ema_ramp: float  # but no longer than this share of what was shown so far; 0: always as long
    # kimg without per-pixel noise, which learns to draw the forms from the start and leaves z the colours only;
    # a generator that has learned to use noise keeps it
    noise_after: float
    style_mixing: float  # probability that a sample gets the ws of two z
    augment: AugmentName
    freeze_d: int  # layers of the discriminator, from the picture inwards, that keep what they knew at the start
    dtype: NumberName  # of the convolutions; weights and optimisers stay float32

    @property
    def parts(self) -> int:
        """Parts of a batch."""
        return self.batch // self.part

    def check(self, group: int, processes: int = 1) -> None:
        """Raise TrainingError for a batch that is not made of parts, or parts not of the discriminator's groups."""
        if self.batch % self.part:
            raise TrainingError(
                f"batch {self.batch} is not made of whole parts of {self.part}; give a multiple of {self.part},"
                f" or another --part"
            )
        group = min(group, self.part)
        if self.part % group:
            raise TrainingError(
                f"a part of {self.part} is not made of whole groups of {group}, which the discriminator compares;"
                f" give a --part that is a multiple of {group}, and a batch that is one of that"
            )
        if self.parts < processes:
            raise TrainingError(
                f"batch {self.batch} has {self.parts} parts of {self.part} for {processes} processes; give a batch of"
                f" {processes * self.part} or more, or a smaller --part"
            )

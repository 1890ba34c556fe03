"""How a run learns, settled: what was asked for, what an earlier run says, what the preset says, in this order."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from models.training.config import AugmentName, DiscriminatorName, LossName, NumberName, TrainingError

Count = Annotated[int, Field(ge=1, le=10**9)]
Pictures = Annotated[int, Field(ge=1, le=4096)]  # at a time: a whole batch waits in memory
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Above = Annotated[float, Field(gt=0, allow_inf_nan=False)]


OF_FEATURES = (
    "features",
    "feature_size",
    "spread_weight",
    "pixel_weight",
    "pixel_size",
)  # settings of a projected discriminator
LEAST_PART = 4  # whose statistics are those of batch norm


@dataclass(frozen=True)
class Recipe:
    """What decides, with the data and the first weights, every bit of a run on one CPU. Intervals in iterations."""

    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)]
    batch: Pictures
    part: Pictures  # images that a thread takes at a time; the unit of randomness, and what memory must hold per thread
    mirror: bool
    discriminator: DiscriminatorName
    features: Annotated[str, Field(max_length=4096)]  # those a projected discriminator looks through, by name or path
    # shorter side that pictures have for the features, in pixels
    feature_size: Annotated[int, Field(ge=64, le=1024)]
    # of the penalty on pictures whose features vary less, or more, than those of the set
    spread_weight: Amount
    # of a discriminator of pictures beside the projected one, in the generator's loss; 0: there is none
    pixel_weight: Amount
    pixel_size: Annotated[int, Field(ge=16, le=1024)]  # shorter side of the pictures which that one sees
    loss: LossName
    gamma: Amount  # weight of the gradient penalty
    penalty_interval: Count  # of the gradient penalty (lazy regularisation)
    path_weight: Amount  # of the path length penalty; 0: none
    path_interval: Count
    learning_rate: Above
    # kimg in which the generator's learning rate rises from 0: what a new discriminator says at first is noise, and
    # would undo what the generator knows
    warm_up: Amount
    ema_kimg: Above  # half-life of the moving average of the generator's weights
    ema_ramp: Amount  # but no longer than this share of what was shown so far; 0: always as long
    # kimg without per-pixel noise, which learns to draw the forms from the start and leaves z the colours only;
    # a generator that has learned to use noise keeps it
    noise_after: Amount
    noise_from: int  # resolution from which layers have noise at all: below it, forms are z's alone
    style_mixing: Share  # probability that a sample gets the ws of two z
    augment: AugmentName
    freeze_d: Annotated[
        int, Field(ge=0)
    ]  # layers of the discriminator, from the picture inwards, that keep what they knew at the start
    dtype: NumberName  # of the convolutions; weights and optimisers stay float32

    @property
    def parts(self) -> int:
        """Parts of a batch."""
        return self.batch // self.part

    @property
    def adapts(self) -> bool:
        """Whether the augmentation has a p, which moves by itself."""
        return self.augment in ("ada", "ada-all")

    @property
    def projected(self) -> bool:
        """Whether the discriminator looks through frozen features."""
        return self.discriminator == "projected"

    def check_alone(self) -> None:
        """Raise TrainingError for settings that make no sense, whatever the networks are."""
        try:
            known(asdict(self))
        except ValueError as error:
            raise TrainingError(f"{error}; give another") from None
        if self.projected and self.part < LEAST_PART:
            raise TrainingError(
                f"a projected discriminator compares pictures in parts of {LEAST_PART} or more, better 16, and the part"
                f" is {self.part}; give a larger --part, and a --batch that is a multiple of it"
            )
        if self.projected and self.freeze_d:
            raise TrainingError("freeze_d is for a stylegan2 discriminator; leave it out")

    def told(self) -> dict[str, Any]:
        """For people and published files: what plays a part, and of a file its name only."""
        values = asdict(self) | {"features": Path(self.features).name}
        return {name: value for name, value in values.items() if self.projected or name not in OF_FEATURES}

    def check(self, group: int, processes: int = 1) -> None:
        """Raise TrainingError for settings that make no sense, a batch that is not made of parts, or parts that are not
        made of the discriminator's groups.
        """
        self.check_alone()
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


def known(values: dict[str, Any]) -> dict[str, Any]:
    """Of the values of a recipe, those that are named as ours. Raises ValueError with one sentence."""
    kinds = get_type_hints(Recipe, include_extras=True)
    return {name: _checked(name, kind, values[name]) for name, kind in kinds.items() if name in values}


def _checked(name: str, kind: Any, value: Any) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        wanted = error.errors(include_url=False)[0]["msg"].replace("Input should be", "and should be")
        raise ValueError(f"{name} is {str(value)[:40]!a}, {wanted}") from None

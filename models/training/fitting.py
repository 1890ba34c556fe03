"""Known networks brought to the sizes that were asked for, with what they know."""

from models.training.config import TrainConfig
from models.training.growing import cut, grow
from models.training.networks import Networks, built
from models.training.widening import widen, widths


def fitted(networks: Networks, config: TrainConfig) -> tuple[Networks, list[str]]:
    """Networks of the resolution and widths in `config`, and what was done to them, in words.

    They are the given ones where nothing else is asked for. Layers that go are cut before others are widened, and new
    ones are as wide as all. Raises ValueError or TrainingError for sizes that they cannot have.
    """
    known = built(networks.generator)
    resolution = config.resolution or known.img_resolution
    channel_base, channel_max = config.channel_base or known.channel_base, config.channel_max or known.channel_max
    done = []
    if resolution < known.img_resolution:
        networks = cut(networks, resolution)
        done.append(f"cut to {_size(networks)}")
    if (channel_base, channel_max) != (known.channel_base, known.channel_max):
        _check_wider(networks, resolution, channel_base, channel_max)
        networks = widen(networks, channel_base, channel_max)
        done.append(f"widened to {_width(networks)}")
    if resolution > known.img_resolution:
        networks = grow(networks, resolution)
        done.append(f"grown to {_size(networks)}")
    return networks, done


def _check_wider(networks: Networks, resolution: int, channel_base: int, channel_max: int) -> None:
    """Raise ValueError unless such widths make layers wider, and none narrower."""
    known = built(networks.generator)
    for name, own, wanted in (
        ("channel_base", known.channel_base, channel_base),
        ("channel_max", known.channel_max, channel_max),
    ):
        if wanted < own:
            raise ValueError(f"its {name} is {own}, not {wanted}, and it can only become wider")
    before = widths(resolution, known.channel_base, known.channel_max)
    if widths(resolution, channel_base, channel_max) == before:
        raise ValueError(
            f"channel_base {channel_base} and channel_max {channel_max} make no layer wider than it is, {max(before)}"
            " channels at most"
        )


def _size(networks: Networks) -> str:
    return "x".join(map(str, reversed(networks.ema.img_shape)))


def _width(networks: Networks) -> str:
    sizes = built(networks.ema)
    return f"channel_base {sizes.channel_base} and channel_max {sizes.channel_max}"

"""Random numbers and the order of the pictures are functions of where a run is."""

from collections import Counter

import torch

from models.training.randomness import Purpose, generator, stream
from models.training.sampler import order


def test_numbers_hang_on_every_argument_and_on_nothing_else() -> None:
    def numbers(*arguments: int) -> tuple[float, ...]:
        seed, iteration, part, purpose, attempt = arguments
        return tuple(torch.randn(3, generator=generator(seed, iteration, part, Purpose(purpose), attempt)).tolist())

    first = numbers(1, 2, 3, Purpose.NOISE, 0)
    torch.manual_seed(7)
    assert numbers(1, 2, 3, Purpose.NOISE, 0) == first
    changed = [(0, 2, 3, 5, 0), (1, 0, 3, 5, 0), (1, 2, 0, 5, 0), (1, 2, 3, 6, 0), (1, 2, 3, 5, 1), (2, 1, 3, 5, 0)]
    assert len({first, *(numbers(*arguments) for arguments in changed)}) == 7


def test_a_seed_below_nought_is_one_too() -> None:
    assert stream(-1, 0, 0, Purpose.LATENT) != stream(1, 0, 0, Purpose.LATENT)


def test_the_streams_do_not_repeat() -> None:
    streams = [stream(0, i, part, purpose) for i in range(50) for part in range(4) for purpose in Purpose]
    assert len(set(streams)) == len(streams)


def test_every_picture_is_shown_once_each_time_through() -> None:
    shown = order(3, 0, 70, 7)
    for epoch in range(10):
        assert sorted(shown[epoch * 7 : epoch * 7 + 7]) == list(range(7))
    assert len({tuple(shown[epoch * 7 : epoch * 7 + 7]) for epoch in range(10)}) > 7
    assert order(4, 0, 70, 7) != shown


def test_the_order_is_the_same_in_whatever_pieces_it_is_taken() -> None:
    whole = order(0, 0, 60, 13)
    assert [index for position in range(0, 60, 4) for index in order(0, position, 4, 13)] == whole
    assert Counter(whole).most_common(1)[0][1] <= 5

"""Which parts a step against a projected discriminator is made of, and the share of time that each of them takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from models.training.players import Players

REST = "rest"  # what is in none of the others: random numbers, sums of the parts, norms
PARTS = (
    "generator_forward", "generator_backward", "features_of_reals", "features_of_fakes", "features_backward",
    "small_discriminators", "augmentation", "optimisers_and_averaging", REST,
)  # fmt: skip


class Stopwatch:
    """Counts each moment for one part: the one that was entered last."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.reset()

    def reset(self) -> None:
        """Begin anew, in REST."""
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._part, self._since = REST, self._now()

    def enter(self, part: str) -> None:
        """From now on it is this part."""
        now = self._now()
        self.seconds[self._part] += now - self._since
        self._part, self._since = part, now

    def entering(self, part: str) -> Callable[[Tensor], None]:
        """A hook for the moment at which the gradient of a tensor is known."""
        return lambda gradient: self.enter(part)

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


@contextmanager
def watched(players: Players) -> Iterator[Stopwatch]:
    """A stopwatch that follows the steps of players with one thread, who look through features and are for this only.

    It is told by their own calls and, on the way back, by the gradients as they come.
    """
    watch = Stopwatch(players.device)
    judge = players.discrimination
    for owner, name, part in (
        (players, "_fakes", "generator_forward"),
        (players, "_play_part", REST),
        (players, "average", "optimisers_and_averaging"),
        (judge, "prepare", "small_discriminators"),
        (judge, "judge", REST),
        (judge, "_augment", "augmentation"),
    ):
        _around(owner, name, _timed(watch, part))
    _around(players, "_fakes", _with_way_back(watch))
    _around(judge, "_see", _seeing(watch))
    for optimiser in (players.optimiser_g, players.optimiser_d):
        optimiser.register_step_pre_hook(lambda *_: watch.enter("optimisers_and_averaging"))
        optimiser.register_step_post_hook(lambda *_: watch.enter(REST))
    with _judging(players.discriminator, watch):
        yield watch


Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def _around(owner: object, name: str, wrapper: Wrapper) -> None:
    setattr(owner, name, wrapper(getattr(owner, name)))


def _timed(watch: Stopwatch, part: str) -> Wrapper:
    """The call is that part, as far as nothing in it is another one."""

    def wrapper(call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            watch.enter(part)
            result = call(*args, **options)
            watch.enter(REST)
            return result

        return timed

    return wrapper


def _with_way_back(watch: Stopwatch) -> Wrapper:
    """Of the generator: it ends with the part of the batch."""

    def wrapper(call: Callable[..., Any]) -> Callable[..., Any]:
        def drawing(*args: Any) -> tuple[Tensor, Tensor]:
            fakes, ws = call(*args)
            fakes.register_hook(watch.entering("generator_backward"))
            return fakes, ws

        return drawing

    return wrapper


def _seeing(watch: Stopwatch) -> Wrapper:
    """Through the frozen network and the mixing; fakes are those that a gradient goes back to."""

    def wrapper(call: Callable[..., Any]) -> Callable[..., Any]:
        def seeing(images: Tensor) -> list[Tensor]:
            fakes = images.requires_grad
            watch.enter("features_of_fakes" if fakes else "features_of_reals")
            mixed: list[Tensor] = call(images)
            watch.enter(REST)
            if fakes:
                images.register_hook(watch.entering("augmentation"))  # type: ignore[no-untyped-call]
                for level in mixed:
                    level.register_hook(watch.entering("features_backward"))  # type: ignore[no-untyped-call]
            return mixed

        return seeing

    return wrapper


@contextmanager
def _judging(network: nn.Module, watch: Stopwatch) -> Iterator[None]:
    """From the features to the losses, and back as often as a gradient comes to the logits."""

    def before(module: nn.Module, args: Any) -> None:
        watch.enter("small_discriminators")

    def after(module: nn.Module, args: Any, logits: list[Tensor]) -> None:
        for level in logits:
            level.register_hook(watch.entering("small_discriminators"))  # type: ignore[no-untyped-call]

    with network.register_forward_pre_hook(before), network.register_forward_hook(after):
        yield

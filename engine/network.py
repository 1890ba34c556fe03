"""The show's `network`, made ready: its parameters, what the dream worker is told, and a look at whether it can be."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import models
from engine.declare import declared
from engine.dream.bending import Bend, Bending, BlendWith
from engine.files import absent
from engine.params import Parameter
from engine.show.feed import FeedPart
from engine.show.lines import Where
from engine.show.loader import LoadedShow
from engine.show.network import BendPart, BlendPart, NetworkPart
from engine.walk.controls import ROOT, Controls
from models import noise
from models.canvas import check_canvas
from models.manifest import Header, read_header

BEND: Where = ("network", "bend")
BLEND: Where = ("network", "blend")


def path_of(loaded: LoadedShow, model: str) -> str:
    """A model as the show names it; a path counts from the show file's folder."""
    beside = loaded.path.parent / model
    return str(beside) if model.endswith(".safetensors") and not absent(beside) else model


@contextmanager
def naming(loaded: LoadedShow, where: Where) -> Iterator[None]:
    """What is wrong with a checkpoint becomes an error about this place of the show."""
    try:
        yield
    except models.CheckpointError as error:
        raise loaded.error(where, str(error)) from None


def network_parameters(loaded: LoadedShow) -> list[Parameter]:
    """Every number of the section as a parameter, in the order in which they travel to the worker."""
    part = _part(loaded)
    parameters = declared(part.camera, f"{ROOT}/camera") if part.camera else []
    parameters += declared(part.noise, f"{ROOT}/noise") if _noise_turns(loaded) else []
    noisy = has_noise(_header(loaded)) if part.bend else False
    for bend in part.bend:
        bent = declared(bend, f"{ROOT}/bend/{bend.title}")
        parameters += [p for p in bent if noisy or not p.address.endswith("/noise")]
    return parameters + (declared(part.blend, f"{ROOT}/blend") if part.blend else [])


def bending_of(loaded: LoadedShow) -> Bending:
    """What the worker is told of the section. Raises ReverieError."""
    part = _part(loaded)
    return Bending(
        canvas=(part.canvas.height, part.canvas.width) if part.canvas else None,
        extend=part.canvas.extend if part.canvas else "mirror",
        bends=tuple(map(_bend, part.bend)),
        blend=_blend(loaded, part.blend) if part.blend else None,
        controls=Controls(network_parameters(loaded)).names,
    )


def check_network(loaded: LoadedShow, network: Any) -> None:
    """Hold the section against the generator the show has loaded. Raises ReverieError naming the line."""
    part = _part(loaded)
    _check_canvas(loaded, network, part)
    if part.camera is not None and "transform" not in inspect.signature(network.synthesis.forward).parameters:
        raise loaded.error(
            ("network", "camera"), "this network has no plane to move in, only StyleGAN3 has; remove the camera"
        )
    if "noise" in part.model_fields_set and not _noise_turns(loaded):
        raise loaded.error(("network", "noise"), "this network has no noise that could turn; remove the key")
    for i, bend in enumerate(part.bend):
        _check_bend(loaded, network, (*BEND, i), bend)
    _check_blend(loaded, network, part)


def has_noise(header: Header) -> bool:
    """Whether a network adds noise, which a bend may then turn up and down."""
    return any(name.endswith(".noise_const") for name in header.tensors)


def _part(loaded: LoadedShow) -> NetworkPart:
    """The section; one that is left out asks for nothing but its defaults."""
    return loaded.show.network or NetworkPart()


def _noise_turns(loaded: LoadedShow) -> bool:
    """Whether there is noise that can turn; in a registry's networks that learn, also where there is none yet."""
    with naming(loaded, ("model",)):
        path = models.resolve(path_of(loaded, loaded.model))
        return noise.has_noise(path, learns=isinstance(loaded.show.model, FeedPart))


def _header(loaded: LoadedShow) -> Header:
    with naming(loaded, ("model",)):
        return read_header(models.resolve(path_of(loaded, loaded.model)))


def _bend(part: BendPart) -> Bend:
    chosen = part.channels
    if chosen is None or chosen.cluster is None or chosen.of is None:
        return Bend(part.title, part.layer, chosen.numbers if chosen else None)
    return Bend(part.title, part.layer, cluster=(chosen.cluster, chosen.of))


def _blend(loaded: LoadedShow, part: BlendPart) -> BlendWith:
    return BlendWith(path_of(loaded, part.model), part.first, part.last)


def _check_canvas(loaded: LoadedShow, network: Any, part: NetworkPart) -> None:
    if part.canvas is None:
        return
    try:
        check_canvas((part.canvas.height, part.canvas.width), network.img_resolution)
    except ValueError as error:
        raise loaded.error(("network", "canvas"), str(error)) from None


def _check_bend(loaded: LoadedShow, network: Any, where: Where, part: BendPart) -> None:
    """The layer is there, and so are the channels; noise is only asked of a network that has some."""
    _check_layer(loaded, network, (*where, "layer"), part.layer)
    place = network.synthesis.layer_names.index(part.layer)
    layer = network.synthesis.get_submodule(network.synthesis.layer_paths[place])
    count = layer.weight.shape[0]
    numbers = part.channels.numbers if part.channels else None
    if numbers is not None and numbers[-1] >= count:
        raise loaded.error((*where, "channels"), f"there is no channel {numbers[-1]}; {part.layer} has 0-{count - 1}")
    groups = part.channels.of if part.channels else None
    if groups is not None and groups > count:
        raise loaded.error(
            (*where, "channels", "of"), f"{part.layer} has {count} channels, too few for {groups} groups"
        )
    if part.noise != 1 and not has_noise(_header(loaded)):
        raise loaded.error((*where, "noise"), "this network has no noise; remove the key")


def _check_layer(loaded: LoadedShow, network: Any, where: Where, name: str) -> None:
    names = getattr(network.synthesis, "layer_names", [])
    if name not in names:
        raise loaded.error(where, f"there is no layer {name}; this network has {', '.join(names) or 'none to bend'}")


def _check_blend(loaded: LoadedShow, network: Any, part: NetworkPart) -> None:
    """The other network is whole and has the same tensors; the layers named are there, in order."""
    if part.blend is None:
        return
    with naming(loaded, (*BLEND, "with")):
        path = models.resolve(path_of(loaded, part.blend.model))
        models.check_hash(path)
        other = read_header(path)
    difference = _difference(_header(loaded), other)
    if difference:
        complaint = f"{path} has another shape than the show's model: {difference}; blend networks of one family"
        raise loaded.error((*BLEND, "with"), complaint)
    for key, name in (("from", part.blend.first), ("to", part.blend.last)):
        if name is not None:
            _check_layer(loaded, network, (*BLEND, key), name)
    if part.blend.first and part.blend.last:
        first, last = map(network.synthesis.layer_names.index, (part.blend.first, part.blend.last))
        if first > last:
            raise loaded.error((*BLEND, "to"), f"{part.blend.last} comes before {part.blend.first}; swap them")


def _difference(own: Header, other: Header) -> str:
    """The first thing in which two synthesis networks differ; empty where there is none."""
    if own.manifest["architecture"] != other.manifest["architecture"]:
        return f"it is a {other.manifest['architecture']}, not a {own.manifest['architecture']}"
    mine, theirs = ({n: t[1] for n, t in h.tensors.items() if n.startswith("synthesis.")} for h in (own, other))
    for name in [*mine, *theirs]:
        if mine.get(name) != theirs.get(name):
            return f"{name} is {theirs.get(name, 'missing')} instead of {mine.get(name, 'missing')}"
    return ""

"""The weights of the Inception network, from a file of the user's. Nothing in it is executed.

Expected are the weights that FID is computed with everywhere in PyTorch: `pt_inception-2015-12-05-6726825d.pth` of
pytorch-fid, which is `weights-inception-2015-12-05-6726825d.pth` of torch-fidelity; the end of the name is how its
SHA-256 begins. A `.safetensors` file with the same tensors serves as well.
"""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from models.convert.refusal import Refused
from models.convert.state_dict import tensors_in
from models.files import is_device
from models.metrics.errors import MetricsError
from models.metrics.inception import Inception

LARGEST = 512 * 2**20
CLASSES, CLASS_SHAPE = "fc.weight", (1008, 2048)  # not used, but torchvision's own network has 1000 classes
WANTED = "give pt_inception-2015-12-05-6726825d.pth of pytorch-fid, or its tensors as .safetensors"


def load_inception(path: Path, device: torch.device) -> tuple[Inception, str]:
    """The network, ready to use, and the SHA-256 of its file. Raises MetricsError."""
    data = _read(path)
    try:
        tensors = tensors_in(data, path.suffix)
        _check(tensors)
    except (Refused, SafetensorError) as error:
        raise MetricsError(f"{path}: its weights cannot be used: {str(error).splitlines()[0]}; {WANTED}") from None
    with torch.device("meta"):
        network = Inception()
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in network.state_dict()}, assign=True)
    return network.eval().requires_grad_(False).to(device), hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    if is_device(path):
        raise MetricsError(f"{path}: is no file but a device; {WANTED}")
    try:
        if path.stat().st_size > LARGEST:
            raise MetricsError(f"{path}: is larger than {LARGEST >> 20} MiB; {WANTED}")
        return path.read_bytes()
    except OSError as error:
        raise MetricsError(f"{path}: cannot be read ({error.strerror}); check --features") from None


def _check(tensors: dict[str, Tensor]) -> None:
    """The tensors that the network needs, in its shapes and finite, and no class but those of 2015. Raises Refused."""
    with torch.device("meta"):
        expected = {name: tuple(tensor.shape) for name, tensor in Inception().state_dict().items()}
    for name, shape in expected.items():
        found = tensors.get(name)
        if found is None or tuple(found.shape) != shape:
            raise Refused(f"{name} is {'missing' if found is None else list(found.shape)}, expected {list(shape)}")
        if not bool(found.isfinite().all()):
            raise Refused(f"{name} holds numbers that are not finite")
    classes = tensors.get(CLASSES)
    if classes is not None and tuple(classes.shape) != CLASS_SHAPE:
        raise Refused("it is Inception v3, but not the one that FID is defined on")

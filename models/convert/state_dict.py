"""The named tensors in the bytes of a file that torch or safetensors wrote, read as data: nothing is executed."""

import numpy as np
import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor

from models.convert.arrays import TensorView
from models.convert.refusal import Budget, Refused
from models.convert.torch_files import read_stream, read_zip
from models.convert.vocabulary import names


def tensors_in(data: bytes, suffix: str) -> dict[str, Tensor]:
    """The tensors by name. Raises Refused, or SafetensorError for a damaged file that ends on .safetensors."""
    if suffix == ".safetensors":
        return load_safetensors(data)
    budget = Budget(copies=len(data))
    if data.startswith(b"PK"):
        found = read_zip(data, names(budget), budget)
    else:
        found = read_stream(memoryview(data), names(budget), budget)
    if not isinstance(found, dict) or not all(isinstance(view, TensorView) for view in found.values()):
        raise Refused("it holds something else than tensors")
    return {str(name): torch.from_numpy(np.array(view.values())) for name, view in found.items()}

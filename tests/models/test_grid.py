"""Seeds, and grids of pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.explore.grid import GridError, generate, levels_of, parse_seeds, tile
from models.explore.latents import of_seeds
from models.seeds import seed_z
from models.stylegan2 import Generator


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", [0]),
        ("0-3", [0, 1, 2, 3]),
        ("7,0-2, 5 - 6", [7, 0, 1, 2, 5, 6]),
        ("9223372036854775807", [2**63 - 1]),
        ("0-1023", list(range(1024))),
    ],
)
def test_seeds(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", ",", "1,", "a", "1-", "-1", "3-1", "0-1024", "0-9,0-1020", "9223372036854775808", "1.5", "1--2", "٣"]
)
def test_no_seeds(text: str) -> None:
    with pytest.raises(GridError, match=r"^seeds ") as caught:
        parse_seeds(text)
    assert "\n" not in str(caught.value)


def test_seed_gives_the_same_z_everywhere() -> None:
    assert (seed_z(5, 8) == seed_z(5, 8)).all()
    assert (seed_z(5, 8) != seed_z(6, 8)).any()
    assert seed_z(0, 3).tolist() == pytest.approx([1.1176220, -1.3871249, -0.4265716])


def test_tiles_lie_in_rows_and_keep_their_range() -> None:
    images = torch.linspace(-1.5, 1.5, 5)[:, None, None, None].expand(5, 3, 4, 4)
    sheet = tile(levels_of(images))
    assert (sheet.shape, sheet.dtype) == ((8, 12, 3), np.uint8)
    assert sheet[::4, ::4, 0].tolist() == [[0, 32, 128], [223, 255, 0]]


def test_tiles_of_one_channel_are_grey() -> None:
    sheet = tile(levels_of(torch.ones(1, 1, 4, 4)))
    assert sheet.shape == (4, 4, 3)
    assert (sheet == 255).all()


def tiny(c_dim: int = 0) -> Generator:
    torch.manual_seed(0)
    return Generator(16, z_dim=4, c_dim=c_dim, w_dim=4, channel_base=64, channel_max=4, mapping_layers=1).eval()


@pytest.mark.parametrize("c_dim", [0, 3])
def test_grid_is_the_same_each_time(tmp_path: Path, c_dim: int) -> None:
    for name in ("one.png", "two.png"):
        generate(tiny(c_dim), *of_seeds([1, 2, 3], tiny(c_dim), None), 0.7, tmp_path / "new" / name)
    with Image.open(tmp_path / "new" / "one.png") as picture:
        assert picture.size == (32, 32)
    assert (tmp_path / "new" / "one.png").read_bytes() == (tmp_path / "new" / "two.png").read_bytes()
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_grid_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"name a file ending in \.png"):
        generate(tiny(), torch.ones(1, 4), None, 0.7, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(GridError, match=r"cannot be written \(File exists|Not a directory\)"):
        generate(tiny(), torch.ones(1, 4), None, 0.7, tmp_path / "file" / "grid.png")

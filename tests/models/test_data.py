"""Training data: zips and folders, and one sentence for each thing that can be wrong with them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.training import TrainingError
from models.training import data as data_module
from models.training.data import load_images


def picture(width: int = 20, height: int = 16, mode: str = "RGB", seed: int = 0) -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "images"
    (path / "00000").mkdir(parents=True)
    for i, mode in enumerate(("RGB", "L", "RGBA", "P")):
        (path / "00000" / f"img{i:08}.png").write_bytes(picture(mode=mode, seed=i))
    (path / "dataset.json").write_text('{"labels": null}')
    return path


def as_zip(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def test_folder_and_zip_give_the_same_images(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    from_folder = load_images(folder, (16, 16), lambda done, total: seen.append((done, total)))
    from_zip = load_images(as_zip(folder), (16, 16))
    assert from_folder.images.shape == (4, 3, 16, 16)
    assert from_folder.images.dtype == torch.uint8
    assert torch.equal(from_folder.images, from_zip.images)
    assert from_folder.sha256 == from_zip.sha256
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_image_is_cropped_to_its_centre_square(tmp_path: Path) -> None:
    pixels = np.zeros((16, 48, 3), dtype=np.uint8)
    pixels[:, 16:32] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    assert bool((load_images(tmp_path, (16, 16)).images == 200).all())


def test_image_is_cropped_to_the_middle_of_a_canvas(tmp_path: Path) -> None:
    pixels = np.zeros((64, 48, 3), dtype=np.uint8)
    pixels[24:40] = 200
    Image.fromarray(pixels).save(tmp_path / "tall.png")
    images = load_images(tmp_path, (16, 48)).images
    assert images.shape == (1, 3, 16, 48)
    assert bool((images == 200).all())


def test_sample_is_in_range_and_mirrors_half(folder: Path) -> None:
    images = load_images(folder, (16, 16))
    torch.manual_seed(0)
    batch = images.sample(64, mirror=True)
    assert batch.shape == (64, 3, 16, 16)
    assert -1.0 <= batch.min().item() < -0.9
    assert 0.9 < batch.max().item() <= 1.0
    plain = images.images.float() / 127.5 - 1.0
    mirrored = sum(not any(torch.allclose(one, other) for other in plain) for one in batch)
    assert 16 <= mirrored <= 48


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"there is no .*nowhere; give a zip or folder"):
        load_images(tmp_path / "nowhere", (16, 16))


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no image"):
        load_images(tmp_path, (16, 16))


def test_file_that_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "notes.zip"
    path.write_text("not a zip")
    with pytest.raises(TrainingError, match="is not a zip file"):
        load_images(path, (16, 16))


def test_truncated_zip(folder: Path) -> None:
    path = as_zip(folder)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TrainingError, match="is not a zip file"):
        load_images(path, (16, 16))


def test_zip_with_a_damaged_entry(folder: Path) -> None:
    path = as_zip(folder)
    content = bytearray(path.read_bytes())
    start = content.index(b"\x89PNG") + 60
    content[start : start + 8] = b"\0" * 8
    path.write_bytes(bytes(content))
    with pytest.raises(TrainingError, match=r"img00000000\.png cannot be unpacked"):
        load_images(path, (16, 16))


def test_file_that_is_no_image(folder: Path) -> None:
    (folder / "zz.png").write_text("words")
    with pytest.raises(TrainingError, match=r"zz\.png is not an image that can be decoded"):
        load_images(folder, (16, 16))


def test_truncated_image(folder: Path) -> None:
    (folder / "zz.png").write_bytes(picture()[:200])
    with pytest.raises(TrainingError, match=r"zz\.png is not an image that can be decoded"):
        load_images(folder, (16, 16))


def test_image_with_too_many_pixels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_module, "MAX_PIXELS", 300)
    with pytest.raises(TrainingError, match="20x16 pixels, more than 300"):
        load_images(folder, (16, 16))


def test_more_images_than_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_module, "MAX_ARRAY_BYTES", 3000)
    with pytest.raises(TrainingError, match="more than fit in memory"):
        load_images(folder, (16, 16))

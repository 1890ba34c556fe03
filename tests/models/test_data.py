"""Training data: a zip, a folder and shards give the same pictures, in memory or not."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from models.training import TrainingError
from models.training.data import ImageSet, open_set, room, scaled
from models.training.data.decode import decode, size_of
from tests.models.picture_sets import as_zip, filled, picture, sharded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "images"
    (path / "00000").mkdir(parents=True)
    for i, mode in enumerate(("RGB", "L", "RGBA", "P")):
        (path / "00000" / f"img{i:08}.png").write_bytes(picture(mode=mode, seed=i))
    (path / "dataset.json").write_text('{"labels": null}')
    return path


def pixels(images: ImageSet) -> torch.Tensor:
    return images.batch(range(len(images)))


def test_folder_zip_and_shards_give_the_same_images(folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    from_folder = open_set(folder, (16, 16), progress=lambda done, total: seen.append((done, total)))
    files = {file.name: file.read_bytes() for file in sorted(folder.rglob("*.png"))}
    half = {name: files[name] for name in list(files)[:2]}
    sharded(tmp_path / "tars" / "s-000000.tar", half | {"img00000000.json": b"{}", "README.txt": b"words"})
    sharded(tmp_path / "tars" / "s-000001.tar", {name: files[name] for name in list(files)[2:]})
    assert pixels(from_folder).shape == (4, 3, 16, 16)
    assert pixels(from_folder).dtype == torch.uint8
    assert from_folder.shape == (16, 16)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for path in (as_zip(folder), tmp_path / "tars"):
        with open_set(path, (16, 16)) as other:
            assert torch.equal(pixels(other), pixels(from_folder))
            assert (other.sha256, other.labels, other.classes) == (from_folder.sha256, None, 0)
    with open_set(tmp_path / "tars" / "s-000001.tar", (16, 16)) as second:
        assert torch.equal(pixels(second), pixels(from_folder)[2:])


def test_what_does_not_fit_in_memory_is_decoded_when_asked_for(folder: Path) -> None:
    fits = 4 * 3 * 16 * 16
    whole, on_demand = open_set(folder, (16, 16), memory=fits), open_set(folder, (16, 16), memory=fits - 1)
    with open_set(as_zip(folder), (16, 16), memory=0) as packed:
        for images in (on_demand, packed):
            assert torch.equal(images.batch([3, 0, 3]), whole.batch([3, 0, 3]))
            assert torch.equal(images.spread(2), scaled(whole.batch([0, 2])))
            assert images.sha256 == whole.sha256
    (folder / "00000" / "img00000003.png").unlink()
    assert whole.batch([3]).shape == (1, 3, 16, 16)
    with pytest.raises(TrainingError):
        on_demand.batch([3])


def test_memory_is_a_quarter_of_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CGROUP", tmp_path / "none")
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    physical = room.room()
    assert 0 < physical < 2**50
    (tmp_path / "limit").write_text("4000000\n")
    monkeypatch.setattr(room, "CGROUP", tmp_path / "limit")
    assert room.room() == 1_000_000
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert room.room() == 250_000
    (tmp_path / "limit").write_text("max\n")
    assert room.room() == physical // 4


def test_the_range_of_networks_is_from_minus_one_to_one() -> None:
    levels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    torch.testing.assert_close(scaled(levels), torch.tensor([-1.0, -0.6, 1.0]))


def test_image_is_cropped_to_its_centre_square(tmp_path: Path) -> None:
    wide = np.zeros((16, 48, 3), dtype=np.uint8)
    wide[:, 16:32] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert bool((pixels(open_set(tmp_path, (16, 16))) == 200).all())


def test_image_is_cropped_to_the_middle_of_a_canvas(tmp_path: Path) -> None:
    tall = np.zeros((64, 48, 3), dtype=np.uint8)
    tall[24:40] = 200
    Image.fromarray(tall).save(tmp_path / "tall.png")
    images = pixels(open_set(tmp_path, (16, 48)))
    assert images.shape == (1, 3, 16, 48)
    assert bool((images == 200).all())


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_camera_held_sideways_is_turned(kind: str) -> None:
    """Its left third is bright as stored; orientation 6 turns that to the top."""
    stored = Image.new("RGB", (48, 32))
    stored.paste((255, 255, 255), (0, 0, 16, 32))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(stored, kind, exif=exif)
    assert size_of(data, "it") == (32, 48)
    upright = decode(data, (48, 32), "it")
    assert upright[:, :12].mean() > 250
    assert upright[:, 20:].mean() < 5


def test_pixels_of_every_kind_become_colours() -> None:
    """16 bits, transparency, CMYK and a profile mean what a viewer shows."""
    grey = encoded(Image.fromarray(np.full((8, 8), 51400, np.uint16)), "PNG")  # 200 of 255
    assert decode(grey, (8, 8), "it").tolist() == np.full((3, 8, 8), 200).tolist()
    glass = encoded(Image.new("RGBA", (8, 8), (10, 20, 30, 0)), "PNG")
    assert decode(glass, (8, 8), "it").min() == 255  # a white ground, not the hidden colour
    ink = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95)
    assert decode(ink, (8, 8), "it").mean(axis=(1, 2)).round().tolist() == [255, 0, 0]
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    odd = encoded(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG", icc_profile=lab)
    assert decode(odd, (8, 8), "it").shape == (3, 8, 8)


def test_a_large_jpeg_is_made_smaller_while_decoding_and_looks_the_same() -> None:
    rows, columns = np.mgrid[:512, :512]
    smooth = np.stack([rows // 2, columns // 2, (rows + columns) // 4], axis=2).astype(np.uint8)
    quick = decode(encoded(Image.fromarray(smooth), "JPEG", quality=95), (32, 32), "it")
    exact = decode(encoded(Image.fromarray(smooth), "PNG"), (32, 32), "it")
    assert np.abs(quick.astype(int) - exact).max() <= 4


def test_hidden_files_and_those_of_macos_are_no_pictures(tmp_path: Path) -> None:
    """So named, and no image in them: opening them would be refused."""
    folder = filled(tmp_path / "set", "a.png", "b.PNG")
    for junk in ("._a.png", ".trash/c.png", "__MACOSX/._a.png", "notes.txt"):
        (folder / junk).parent.mkdir(exist_ok=True)
        (folder / junk).write_bytes(b"\0\5\x16\7")
    assert len(open_set(folder, (16, 16))) == 2
    assert len(open_set(as_zip(folder), (16, 16))) == 2


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    folder = filled(tmp_path / "set", "a.png")
    (folder / "b.png").symlink_to("a.png")
    (tmp_path / "way").symlink_to(folder)
    images = open_set(tmp_path / "way", (16, 16))
    assert torch.equal(*images.batch([0, 1]))


def test_a_deflated_zip_is_read(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.rglob("*.png"):
            archive.write(file, file.relative_to(folder))
    assert torch.equal(pixels(open_set(packed, (16, 16))), pixels(open_set(folder, (16, 16))))


def test_a_manifest_that_is_none_is_no_matter(folder: Path) -> None:
    beside = folder.with_name("images.manifest.json")
    expected = open_set(folder, (16, 16)).sha256
    for content in ("{", "[]", "[" * 100_000, json.dumps({"hash": "0" * 64, "classes": 5})):
        beside.write_text(content)
        assert open_set(folder, (16, 16)).sha256 == expected

"""27 awkward files, each with what it must give: every row of the manifest beside them is a test."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.archive.errors import RejectedError
from models.archive.prepare.chunk import Item, Result, process_chunk, read_chunk
from models.archive.prepare.decode import Picture, decoded, opened
from models.archive.prepare.preparing import prepare
from models.archive.prepare.settings import Settings
from tests.models.archive.pictures import archive

PLACES = [parent / "shared/archive/originals" for parent in Path(__file__).resolve().parents]
SHARED = next((place for place in PLACES if place.is_dir()), None)
if SHARED is None:
    pytest.skip("shared/archive/originals is not here", allow_module_level=True)

with (SHARED / "manifest.csv").open(newline="", encoding="utf-8") as table:
    ROWS = {row["file"]: row for row in csv.DictReader(table)}
SETTINGS = Settings((256, 256))
REJECTED = {
    "truncated.jpg": "truncated",
    "corrupt.png": "damaged",
    "zero_bytes.jpg": "not an image",
    "html_error_page.jpg": "not an image",
    "scroll_12x1.jpg": "extreme aspect",
    "tiny_80px.jpg": "too small",
    "bomb_30000px.png": "too large",
}
COPIES = {  # what is nearly the same as another, and so in the set once
    "harvesters.jpeg": {"harvesters.tiff", "harvesters.lossy.webp", "harvesters.gif", "gray_L.jpg"}
    | {"progressive_icc.jpg", "multipage.tif"},
    "starry_night.jpg": {"near_duplicate.jpg", "png_named.jpg"},
    "the_scream.jpg": {"cmyk.jpg", "exif_orientation6.jpg"},
}


def picture(name: str) -> Picture:
    return decoded(opened((SHARED / name).read_bytes(), SETTINGS.max_pixels), (10**6, 10**6), "#ffffff")


@cache
def prepared(name: str) -> tuple[Result, tuple[bytes, ...]]:
    data = (SHARED / name).read_bytes()
    file = io.BytesIO()
    process_chunk([Item(name, name, hashlib.sha256(data).hexdigest())], SETTINGS, lambda _: data, file)
    file.seek(0)
    ((result, images),) = read_chunk(file)
    return result, tuple(images)


def pixels(name: str) -> NDArray[np.float64]:
    """Of the whole decoded picture at one size for all, [256, 256, 3]."""
    return np.asarray(picture(name).image.resize((256, 256), Image.Resampling.LANCZOS)).astype(float)


def difference(name: str, other: str) -> float:
    """Mean of two files' pictures, in levels of 255."""
    return float(np.abs(pixels(name) - pixels(other)).mean())


@pytest.mark.parametrize("name", ROWS)
def test_each_row_gives_what_it_must(name: str) -> None:
    row = ROWS[name]
    result, images = prepared(name)
    refuses = row["expect"].startswith(("reject", "skip"))
    assert result.kind == REJECTED.get(name, "")
    assert bool(result.kind) == refuses
    if refuses:
        assert result.detail  # reported
        assert images == ()
        return
    size = tuple(int(side) for side in row["as_opened"].split()[0].split("x"))
    assert result.size == (size[::-1] if name == "exif_orientation6.jpg" else size)
    with Image.open(io.BytesIO(images[0])) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (256, 256))


@pytest.mark.parametrize("name", sorted(REJECTED))
def test_rejected_ones_do_not_decode_by_another_way(name: str) -> None:
    if REJECTED[name] in {"extreme aspect", "too small"}:
        assert picture(name).image.mode == "RGB"  # whole, only of no use
    else:
        with pytest.raises(RejectedError):
            picture(name)


def test_every_format_gives_the_same_colours() -> None:
    for name, most in {"harvesters.tiff": 3, "harvesters.lossy.webp": 4, "harvesters.gif": 6}.items():
        assert difference(name, "harvesters.jpeg") < most


def test_a_palette_is_rgb_in_its_own_colours() -> None:
    with Image.open(SHARED / "artic_28560_palette.png") as image:
        assert picture("artic_28560_palette.png").image.tobytes() == image.convert("RGB").tobytes()


def test_grey_is_the_same_in_three_channels() -> None:
    grey = pixels("gray_L.jpg")
    assert np.array_equal(grey[:, :, 0], grey[:, :, 1])
    assert np.array_equal(grey[:, :, 0], grey[:, :, 2])
    colour = pixels("harvesters.jpeg") @ (0.299, 0.587, 0.114)
    assert np.abs(grey[:, :, 0] - colour).mean() < 3


def test_cmyk_is_not_inverted() -> None:
    assert difference("cmyk.jpg", "the_scream.jpg") < 4


def test_sixteen_bit_colour_is_scaled() -> None:
    image = np.asarray(picture("rgb16.png").image)
    assert image.min() < 20
    assert image.max() > 235
    assert len(np.unique(image)) > 200


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    with Image.open(SHARED / "gray16.tif") as image:
        values = np.asarray(image).astype(int)
    scaled = np.asarray(picture("gray16.tif").image)[:, :, 0]
    assert np.array_equal(scaled, np.round(values / 257))
    assert (scaled == 255).mean() < 0.01


def test_exif_orientation_is_obeyed() -> None:
    assert picture("exif_orientation6.jpg").image.size == (800, 1019)
    assert difference("exif_orientation6.jpg", "the_scream.jpg") < 4


def test_a_profile_is_used() -> None:
    assert difference("progressive_icc.jpg", "harvesters.jpeg") < 6
    with Image.open(SHARED / "progressive_icc.jpg") as image:
        assert image.info["icc_profile"]
        assert picture("progressive_icc.jpg").notes == ()


@pytest.mark.parametrize("ground", ["#ffffff", "#00ff00"])
def test_what_is_transparent_lies_on_the_ground(ground: str) -> None:
    flat = decoded(opened((SHARED / "alpha.png").read_bytes(), 10**8), (10**6, 10**6), ground)
    assert bytes(np.asarray(flat.image)[0, 0]).hex() == ground[1:]
    assert flat.notes == (f"transparent parts lie on {ground}",)
    result, _ = prepared("alpha.png")
    assert "borders cut off: 474x632 of 600x764 left" in result.notes


def test_further_pages_are_reported() -> None:
    assert "page 1 of 2" in prepared("multipage.tif")[0].notes
    assert difference("multipage.tif", "harvesters.jpeg") < 6


def test_scaled_decoding_shows_the_same_picture() -> None:
    for name in ("starry_night.jpg", "the_scream.jpg"):
        whole = picture(name).image
        small = decoded(opened((SHARED / name).read_bytes(), 10**8), (384, 384), "#ffffff").image
        assert small.width * 2 == whole.width
        a, b = (np.asarray(i.resize((256, 256), Image.Resampling.LANCZOS)).astype(float) for i in (whole, small))
        assert 10 * np.log10(255**2 / ((a - b) ** 2).mean()) > 40  # dB


def distance(a: str, b: str) -> int:
    return (prepared(a)[0].dhash ^ prepared(b)[0].dhash).bit_count()


@pytest.mark.parametrize(("first", "copies"), COPIES.items(), ids=COPIES)
def test_copies_are_known_by_their_hash(first: str, copies: set[str]) -> None:
    assert max(distance(first, copy) for copy in copies) <= 6


def test_different_works_are_far_apart() -> None:
    all_copies = set[str]().union(*COPIES.values())
    works = [name for name in ROWS if name not in REJECTED and name not in all_copies]
    assert min(distance(a, b) for a in works for b in works if a < b) > 11


def in_order(order: Callable[[str], int], folder: Path) -> tuple[set[str], dict[str, int]]:
    """Files that are in the set when they come in this order, and what the others were rejected for."""
    names = sorted(ROWS, key=order)
    files = {f"{i:02d} {name}": (SHARED / name).read_bytes() for i, name in enumerate(names)}
    done = prepare(archive(folder, files), str(folder / "set.zip"), SETTINGS)
    with zipfile.ZipFile(folder / "set.zip") as file:
        rows = list(csv.DictReader(io.StringIO(file.read("metadata.csv").decode())))
    return {row["id"].removeprefix("t:")[3:] for row in rows}, done.rejected


def test_the_whole_folder_gives_ten_works(tmp_path: Path) -> None:
    copies = set[str]().union(*COPIES.values())
    kept, rejected = in_order(lambda name: name in copies, tmp_path)
    assert kept == set(ROWS) - copies - set(REJECTED)
    assert len(kept) == 10
    assert rejected == {
        "near-duplicate": 10,
        "damaged": 1,
        "extreme aspect": 1,
        "not an image": 2,
        "too large": 1,
        "too small": 1,
        "truncated": 1,
    }

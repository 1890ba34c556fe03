"""Borders, blank sheets, crops and hashes."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from models.archive.prepare.crop import cut, letterboxed, windows
from models.archive.prepare.dhash import dhash, near_duplicates
from models.archive.prepare.look import content, is_blank
from models.archive.prepare.settings import Crop
from tests.models.archive.pictures import photo

GREY = photo(1, 400, 300).convert("L")


def framed(left: int, top: int, right: int, bottom: int, colour: int) -> Image.Image:
    frame = Image.new("L", (GREY.width + left + right, GREY.height + top + bottom), colour)
    frame.paste(GREY, (left, top))
    return frame


@pytest.mark.parametrize("colour", [0, 128, 255])
@pytest.mark.parametrize("sides", [(40, 0, 40, 0), (0, 30, 0, 0), (25, 30, 35, 40), (0, 0, 0, 0)])
def test_borders_are_found_on_each_side(colour: int, sides: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = content(framed(*sides, colour))
    found = left - sides[0], top - sides[1], sides[0] + 400 - right, sides[1] + 300 - bottom
    assert all(0 <= off <= 4 for off in found)  # a little more than the border, never less


def test_dust_on_a_border_is_no_picture() -> None:
    image = framed(60, 0, 60, 0, 0)
    image.putpixel((20, 150), 255)
    left, _, right, _ = content(image)
    assert left >= 60
    assert right <= 460


def test_a_border_is_never_most_of_the_picture() -> None:
    image = Image.new("L", (200, 200), 255)
    image.paste(GREY.resize((20, 20)), (90, 90))
    assert content(image) == (80, 80, 120, 120)


@pytest.mark.parametrize("tone", [0, 200, 255])
def test_a_sheet_with_nothing_on_it_is_blank(tone: int) -> None:
    rng = np.random.default_rng(1)
    grain = np.clip(rng.normal(tone, 4, (300, 400)), 0, 255).astype(np.uint8)
    assert is_blank(Image.fromarray(grain))


def test_a_thin_drawing_is_not_blank() -> None:
    sheet = Image.new("L", (400, 300), 235)
    ImageDraw.Draw(sheet).line([(100, 80), (300, 220), (320, 90)], fill=120, width=2)
    assert not is_blank(sheet)
    assert not is_blank(GREY)


def test_the_centre_is_the_largest_window_in_the_middle() -> None:
    assert windows(GREY, (64, 64), "centre") == [(50, 0, 350, 300)]
    assert windows(GREY.rotate(90, expand=True), (64, 64), "centre") == [(0, 50, 300, 350)]
    assert windows(GREY, (64, 128), "centre") == [(0, 50, 400, 250)]


@pytest.mark.parametrize(("start", "turned"), [(0, False), (330, False), (0, True), (330, True)])
def test_saliency_goes_where_the_edges_are(start: int, turned: bool) -> None:
    flat = Image.new("L", (600, 200), 90)
    flat.paste(photo(3, 270, 200).convert("L"), (start, 0))
    image = flat.transpose(Image.Transpose.TRANSPOSE) if turned else flat
    (box,) = windows(image, (64, 64), "saliency")
    begin, end = (box[1], box[3]) if turned else (box[0], box[2])
    assert end - begin == 200
    assert start - 8 <= begin
    assert end <= start + 278


def test_saliency_of_an_even_picture_is_the_centre() -> None:
    assert windows(Image.new("L", (600, 200)), (64, 64), "saliency")[0][0] == pytest.approx(200, abs=4)
    assert windows(GREY.crop((0, 0, 300, 300)), (64, 64), "saliency") == [(0, 0, 300, 300)]


@pytest.mark.parametrize(("width", "count"), [(300, 1), (400, 1), (450, 2), (600, 2), (800, 3), (1200, 4)])
def test_tiles_cover_the_long_side_evenly(width: int, count: int) -> None:
    boxes = windows(Image.new("L", (width, 300)), (64, 64), "tiles")
    assert len(boxes) == count
    if count > 1:
        assert (boxes[0][0], boxes[-1][2]) == (0, width)
        gaps = {round(b[0] - a[0], 6) for a, b in pairwise(boxes)}
        assert len(gaps) == 1
        assert max(gaps) <= 300
    assert len(windows(Image.new("L", (300, width)), (64, 64), "tiles")) == count


@pytest.mark.parametrize("crop", ["centre", "saliency", "tiles"])
@pytest.mark.parametrize("shape", [(64, 64), (48, 96), (96, 48)])
def test_windows_lie_inside_and_have_the_target_s_aspect(crop: Crop, shape: tuple[int, int]) -> None:
    for left, top, right, bottom in windows(GREY, shape, crop):
        assert left >= 0
        assert top >= 0
        assert right <= 400 + 1e-9
        assert bottom <= 300 + 1e-9
        assert (right - left) / (bottom - top) == pytest.approx(shape[1] / shape[0])


def test_a_cut_has_the_target_s_size() -> None:
    image = cut(photo(1, 400, 300), (50, 0, 350, 300), (48, 96))
    assert image.size == (96, 48)


@pytest.mark.parametrize(("size", "inside"), [((400, 200), (64, 32)), ((200, 400), (32, 64)), ((2000, 10), (64, 1))])
def test_letterboxing_keeps_the_whole(size: tuple[int, int], inside: tuple[int, int]) -> None:
    whole = letterboxed(Image.new("RGB", size, "#ff0000"), (64, 64), "#0000ff")
    red = np.asarray(whole)[:, :, 0] == 255
    assert (int(red.any(axis=0).sum()), int(red.any(axis=1).sum())) == inside
    assert whole.size == (64, 64)


def test_a_dhash_says_where_it_gets_darker() -> None:
    ramp = Image.fromarray(np.tile(np.arange(0, 180, 2, dtype=np.uint8), (80, 1)))
    assert dhash(ramp) == 2**64 - 1
    assert dhash(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 0


def test_a_dhash_hardly_changes_with_size_and_jpeg() -> None:
    small = GREY.resize((200, 150), Image.Resampling.LANCZOS)
    assert (dhash(GREY) ^ dhash(small)).bit_count() <= 3
    assert (dhash(GREY) ^ dhash(photo(2, 400, 300).convert("L"))).bit_count() > 11


def greedy(hashes: list[int], near: int) -> dict[int, int]:
    """What `near_duplicates` promises, word by word."""
    kept: list[int] = []
    dropped: dict[int, int] = {}
    for j, value in enumerate(hashes):
        first = next((i for i in kept if (hashes[i] ^ value).bit_count() <= near), None)
        if first is None:
            kept.append(j)
        else:
            dropped[j] = first
    return dropped


@pytest.mark.parametrize("near", [0, 3, 4, 6, 8, 11])
@pytest.mark.parametrize("seed", range(3))
def test_near_duplicates_are_dropped_as_one_by_one_would(near: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = [int(value) for value in rng.integers(0, 2**64, 40, dtype=np.uint64)]
    hashes = [base[int(rng.integers(40))] for _ in range(400)]
    for i in range(len(hashes)):
        for bit in rng.integers(0, 64, int(rng.integers(0, 9))):
            hashes[i] ^= 1 << int(bit)
    assert near_duplicates(np.array(hashes, dtype=np.uint64), near) == greedy(hashes, near)


@pytest.mark.parametrize("hashes", [[], [5], [5, 5, 5]])
def test_few_hashes(hashes: list[int]) -> None:
    assert near_duplicates(np.array(hashes, dtype=np.uint64), 6) == greedy(hashes, 6)


def test_portions_and_many_that_look_alike() -> None:
    rng = np.random.default_rng(5)
    hashes = rng.integers(0, 2**64, 5000, dtype=np.uint64)
    alike = rng.permutation(5000)[:3000]  # five pages of a ledger, a few bits of each changed, all over the archive
    hashes[alike] = hashes[alike[:5]][rng.integers(0, 5, 3000)]
    for _ in range(3):
        hashes[alike] ^= np.uint64(1) << rng.integers(0, 64, 3000, dtype=np.uint64)
    dropped = near_duplicates(hashes, 6)
    assert len(dropped) > 2900
    assert dropped == greedy([int(value) for value in hashes], 6)


def test_many_copies_of_one_picture_cost_nothing() -> None:
    hashes = np.full(300_000, 12345, dtype=np.uint64)
    assert near_duplicates(hashes, 6) == dict.fromkeys(range(1, 300_000), 0)

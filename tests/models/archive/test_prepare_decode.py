"""Bytes to pixels: every kind of file in the right colours, upright and whole, or refused with its reason."""

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from models.archive.errors import RejectedError
from models.archive.prepare.decode import Picture, decoded, opened, upright_size
from tests.models.archive.pictures import encoded, jpeg, photo

PHOTO = photo(1)
GREY_RAMP = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (48, 1))


def decode(data: bytes, least: tuple[int, int] = (10_000, 10_000), ground: str = "#ffffff") -> Picture:
    return decoded(opened(data, 10_000_000), least, ground)


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean, in levels of 255."""
    return float(np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).mean())


def solid(mode: str, colour: Any) -> Image.Image:
    return Image.new(mode, (32, 24), colour)


def centre(picture: Picture) -> tuple[int, ...]:
    pixel = picture.image.getpixel((picture.image.width // 2, picture.image.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


@pytest.mark.parametrize(
    ("kind", "options", "most"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 95}, 6),
        ("JPEG", {"quality": 95, "progressive": True}, 6),
        ("GIF", {}, 12),
    ],
)
def test_every_kind_gives_the_same_picture(kind: str, options: dict[str, Any], most: float) -> None:
    picture = decode(encoded(PHOTO, kind, **options))
    assert (picture.image.mode, picture.size, picture.notes) == ("RGB", (160, 120), ())
    assert difference(picture.image, PHOTO) <= most


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    picture = decode(encoded(Image.fromarray(GREY_RAMP), kind))
    expected = np.round(GREY_RAMP / 257)
    assert np.array_equal(np.asarray(picture.image)[:, :, 0], expected)
    assert np.array_equal(np.asarray(picture.image)[:, :, 2], expected)


def test_sixteen_bit_colour_png() -> None:
    rows = b"".join(b"\0" + struct.pack(">HHH", 65535, 32768, 0) * 4 for _ in range(3))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 16, 2, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert centre(decode(data)) == (255, 128, 0)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_cmyk_is_not_inverted() -> None:
    cyan = decode(encoded(solid("CMYK", (255, 0, 0, 0)), "JPEG", quality=95))
    assert centre(cyan) == pytest.approx((0, 255, 255), abs=3)
    assert "CMYK without a profile" in cyan.notes[0]
    black = decode(encoded(solid("CMYK", (0, 0, 0, 255)), "TIFF"))
    assert centre(black) == (0, 0, 0)


def test_a_profile_is_converted_to_srgb() -> None:
    # A profile whose red and blue are swapped shows beyond doubt whether it was used.
    swapped = swapped_profile()
    picture = decode(encoded(solid("RGB", (255, 0, 0)), "PNG", icc_profile=swapped))
    assert centre(picture) == pytest.approx((0, 0, 255), abs=2)
    assert picture.notes == ()


def swapped_profile() -> bytes:
    """sRGB whose table of tags names red what is blue."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, other in ((b"rXYZ", b"?XYZ"), (b"bXYZ", b"rXYZ"), (b"?XYZ", b"bXYZ")):
        start = data.index(tag, 128)
        data[start : start + 4] = other
    # Its name too, by which it would be taken for sRGB.
    return bytes(data.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be")))


def test_the_profile_of_srgb_changes_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert difference(decode(encoded(PHOTO, "PNG", icc_profile=srgb)).image, PHOTO) == 0


@pytest.mark.parametrize("profile", [b"no profile at all", bytes(200)])
def test_a_broken_profile_is_left_out_and_noted(profile: bytes) -> None:
    picture = decode(encoded(PHOTO, "PNG", icc_profile=profile))
    assert difference(picture.image, PHOTO) == 0
    assert "colour profile cannot be used" in picture.notes[0]


def test_a_profile_of_another_colour_space_is_left_out_and_noted() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = decode(encoded(solid("L", 99), "PNG", icc_profile=srgb))
    assert centre(picture) == (99, 99, 99)
    assert "left out" in picture.notes[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(PHOTO, kind, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    picture = decode(data)
    assert picture.size == expected.size == ((160, 120) if orientation < 5 else (120, 160))
    assert difference(picture.image, expected) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_is_left_out(kind: str) -> None:
    data = encoded(PHOTO, kind, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    header = opened(data, 10_000_000)
    assert upright_size(header) == (160, 120)
    assert decoded(header, (1, 1), "#ffffff").size == (160, 120)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA"])
def test_modes_become_rgb(mode: str) -> None:
    image = PHOTO.convert(mode) if mode != "PA" else PHOTO.convert("P").convert("PA")
    kind = "TIFF" if mode == "PA" else "PNG"
    picture = decode(encoded(image, kind))
    assert picture.image.mode == "RGB"
    assert difference(picture.image, image.convert("RGB")) <= 1


@pytest.mark.parametrize("ground", ["#ffffff", "#204060"])
def test_transparency_lies_on_the_ground(ground: str) -> None:
    picture = decode(encoded(solid("RGBA", (255, 0, 0, 0)), "PNG"), ground=ground)
    assert "#" + bytes(centre(picture)).hex() == ground
    assert picture.notes == (f"transparent parts lie on {ground}",)


def test_a_transparent_colour_of_a_palette() -> None:
    image = solid("P", 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    assert centre(decode(encoded(image, "PNG", transparency=0))) == (255, 255, 255)


def test_the_first_page_counts_and_the_others_are_noted() -> None:
    data = encoded(PHOTO, "TIFF", save_all=True, append_images=[photo(2), photo(3)])
    picture = decode(data)
    assert picture.notes == ("page 1 of 3",)
    assert difference(picture.image, PHOTO) == 0


def test_a_jpeg_is_decoded_at_the_size_that_is_needed() -> None:
    data = encoded(photo(4, 1200, 800), "JPEG")
    picture = decode(data, least=(150, 100))
    assert (picture.size, picture.image.size) == ((1200, 800), (150, 100))
    assert decode(data, least=(151, 100)).image.size == (300, 200)
    assert decode(data, least=(1201, 800)).image.size == (1200, 800)


def test_other_kinds_are_averaged_to_the_size_that_is_needed() -> None:
    picture = decode(encoded(photo(4, 1200, 800), "PNG"), least=(150, 100))
    assert (picture.size, picture.image.size) == ((1200, 800), (300, 200))


@pytest.mark.parametrize("data", [b"", b"<html>Not found</html>", b"%PDF-1.7", b"GIF"])
def test_what_is_no_image(data: bytes) -> None:
    assert kind_of(data) == "not an image"


def kind_of(data: bytes) -> str:
    with pytest.raises(RejectedError) as caught:
        decode(data)
    return caught.value.kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_half_a_picture_is_none(kind: str, share: float) -> None:
    data = encoded(PHOTO, kind)
    assert kind_of(data[: int(len(data) * share)]) in {"truncated", "damaged", "not an image"}


def test_a_jpeg_that_breaks_off_is_truncated() -> None:
    assert kind_of(jpeg(1)[:-200]) == "truncated"


def test_a_png_with_a_wrong_checksum_is_damaged() -> None:
    data = bytearray(encoded(PHOTO, "PNG"))
    data[-20] ^= 1  # the end of the last IDAT
    assert kind_of(bytes(data)) == "damaged"


def test_too_many_pixels_are_refused_before_decoding() -> None:
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4000, 4000, 8, 2, 0, 0, 0))
    assert kind_of(header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")) == "too large"
    wide = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1_000_000, 400, 8, 2, 0, 0, 0))
    assert kind_of(wide + chunk(b"IDAT", b"") + chunk(b"IEND", b"")) == "too large"


def test_floating_point_pixels_are_refused() -> None:
    assert kind_of(encoded(Image.new("F", (64, 48), 0.5), "TIFF")) == "unsupported pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_random_damage_costs_the_record_and_nothing_else(kind: str) -> None:
    data = encoded(photo(5, 64, 48), kind)
    rng = np.random.default_rng(6)
    for _ in range(60):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 6):
            broken[place] = int(rng.integers(256))
        with suppress(RejectedError):
            assert decode(bytes(broken)).image.mode == "RGB"

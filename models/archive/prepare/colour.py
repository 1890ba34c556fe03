"""Pixels of any kind to 8-bit sRGB: profiles, CMYK, 16 bits, palettes, transparency."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from models.archive.errors import RejectedError

SRGB_NAMES = ("sRGB", "sRGB built-in", "sRGB IEC61966-2.1", "sRGB IEC61966-2-1")
WHITE_IS_ZERO = (262, 0)  # TIFF's PhotometricInterpretation


def plain(image: Image.Image) -> Image.Image:
    """A decoded image as one of the modes L, RGB, RGBA and CMYK, not yet in sRGB. Raises RejectedError."""
    if image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "YCbCr", "RGBX"):
        return image.convert("RGB")
    raise RejectedError("unsupported pixels", f"pixels of kind {image.mode}; save it with 8 or 16 bits a channel")


def to_srgb(image: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """An image that `plain` gave, in RGB or RGBA. A profile that cannot be used is noted and left out."""
    if image.mode == "RGBA":
        rgb = to_srgb(image.convert("RGB"), profile, notes)
        rgb.putalpha(image.getchannel("A"))
        return rgb
    if profile:
        try:
            transform = _transform(profile, image.mode)
        except (ImageCms.PyCMSError, OSError) as error:
            notes.append(f"its colour profile cannot be used ({str(error).strip()}) and was left out")
        else:
            converted = image if transform is None else transform.apply(image)
            return converted.convert("RGB")
    if image.mode == "CMYK":
        notes.append("CMYK without a profile: its colours are approximate")
    return image.convert("RGB")


def flatten(image: Image.Image, ground: str, notes: list[str]) -> Image.Image:
    """RGB or RGBA to RGB, on `ground` (#rrggbb) where it is transparent."""
    if image.mode == "RGB":
        return image
    alpha = image.getchannel("A")
    flat = Image.new("RGB", image.size, ground)
    flat.paste(image.convert("RGB"), mask=alpha)
    if alpha.getextrema()[0] != 255:
        notes.append(f"transparent parts lie on {ground}")
    return flat


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey to L: 65535 becomes 255."""
    values = np.asarray(image).astype(np.uint32)
    tag, zero = WHITE_IS_ZERO
    if getattr(image, "tag_v2", {}).get(tag) == zero:
        values = 65535 - values
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where it is sRGB already. Raises PyCMSError or OSError."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode == "RGB" and ImageCms.getProfileDescription(source).strip() in SRGB_NAMES:
        return None
    return ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )

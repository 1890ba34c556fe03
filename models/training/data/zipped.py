"""A set in one zip, as StyleGAN's tools read it."""

import lzma
import threading
import zipfile
import zlib
from pathlib import Path

from models.training.config import TrainingError
from models.training.data.source import MAX_FILES, Source, check_bytes, is_picture, is_table

ENCRYPTED = 1  # flag bit
MOST_RATIO = 200  # unpacked to packed
UNSUSPECTED = 16 << 20  # bytes below which the ratio is not looked at
# What zipfile and its decompressors raise on bytes that are not what they say.
DAMAGE = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError)


class Zip(Source):
    """Looks at all that the zip says of itself before a byte is unpacked. Raises TrainingError with one sentence."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except DAMAGE as error:
            raise TrainingError(
                f"{path} is not a zip file that can be read ({error}); give a zip or folder of images"
            ) from None
        self._one_at_a_time = threading.Lock()  # zipfile counts its readers without one
        try:
            entries = self._archive.NameToInfo  # one of each name
            if len(entries) > MAX_FILES:
                raise TrainingError(
                    f"{path} holds {len(entries)} files, more than {MAX_FILES}; train on a part of them"
                )
            names = sorted(filter(is_picture, entries))
            super().__init__(path, names, sorted(filter(is_table, entries)))
            for name in (*self.names, *self.tables):
                self._check(entries[name])
            self._check_overlap(path.stat().st_size)
        except TrainingError:
            self._archive.close()
            raise

    def read(self, name: str) -> bytes:
        try:
            with self._one_at_a_time:
                return self._archive.read(name)
        except DAMAGE as error:
            raise TrainingError(f"{self.where(name)} cannot be unpacked ({error}); make the zip again") from None

    def close(self) -> None:
        self._archive.close()

    def _check(self, info: zipfile.ZipInfo) -> None:
        where = self.where(info.filename)
        check_bytes(info.file_size, where)
        if info.flag_bits & ENCRYPTED:
            raise TrainingError(f"{where} is encrypted; make the zip again without a password")
        if info.file_size > UNSUSPECTED and info.file_size > MOST_RATIO * info.compress_size:
            raise TrainingError(
                f"{where} unpacks from {info.compress_size} to {info.file_size} bytes, which no picture does;"
                " see what it is, and take it out"
            )

    def _check_overlap(self, size: int) -> None:
        """A small file can be made to hold the same bytes thousands of times over."""
        packed = sum(self._archive.NameToInfo[name].compress_size for name in self.names)
        if packed > size:
            raise TrainingError(
                f"{self.path} claims {packed} bytes of pictures in {size}, so its files overlap; make the zip again"
            )

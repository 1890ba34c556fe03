"""The benchmark measures the real thing; how fast that is, no test says."""

from pathlib import Path

import pytest
from PIL import Image

from models.archive.bench import SHAPE, measure
from models.archive.errors import ArchiveError
from tests.models.archive.pictures import jpeg


def test_it_prepares_what_it_makes() -> None:
    figures = measure(count=3, side=64, workers=1)
    assert (figures["images"], figures["accepted"], figures["mean_megapixels"]) == (3, 3, 1.0)
    assert figures["seconds"] == pytest.approx(3 / figures["images_per_s"], rel=0.01, abs=0.01)
    assert figures["ratio"] > 0
    assert SHAPE[0] * SHAPE[1] == pytest.approx(1e6, rel=0.001)


def test_it_takes_a_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.JPG").write_bytes(jpeg(1, 300, 200))
    Image.new("RGB", (80, 80)).save(tmp_path / "no.png")
    figures = measure(folder=tmp_path, side=64, workers=1)
    assert (figures["images"], figures["mean_megapixels"]) == (1, 0.06)


def test_a_folder_without_photographs_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"holds no \.jpg file; name a folder of photographs"):
        measure(folder=tmp_path)


def test_what_cannot_be_used_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(b"<html>")
    (tmp_path / "cut.jpg").write_bytes(jpeg(1, 300, 200)[:-900])
    with pytest.raises(ArchiveError, match=r"none of 2 pictures can be prepared \(not an image, truncated\)$"):
        measure(folder=tmp_path, side=64, workers=1)
    (tmp_path / "whole.jpg").write_bytes(jpeg(2, 300, 200))
    figures = measure(folder=tmp_path, side=64, workers=1)
    assert (figures["images"], figures["accepted"]) == (3, 1)
    assert figures["seconds"] == pytest.approx(1 / figures["images_per_s"], rel=0.05, abs=0.01)

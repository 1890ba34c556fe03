"""One sentence for each thing that can be wrong with training data, and nothing is left open."""

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from models.training import TrainingError
from models.training.data import decode as decode_module
from models.training.data import open_set
from models.training.data import source as source_module
from models.training.data import zipped as zip_module
from tests.models.picture_sets import as_zip, filled, picture, sharded, zipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "images", *(f"00000/img{i:08}.png" for i in range(4)))


@contextmanager
def refused(sentence: str) -> Iterator[None]:
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(TrainingError, match=sentence) as caught:
        yield
    assert str(caught.value).isprintable()  # so in one line
    assert len(os.listdir("/dev/fd")) == before


def test_missing_path(tmp_path: Path) -> None:
    with refused(r"there is no .*nowhere; give a zip or folder"):
        open_set(tmp_path / "nowhere", (16, 16))


def test_empty_folder(tmp_path: Path) -> None:
    with refused("holds no image; give a zip or folder of"):
        open_set(tmp_path, (16, 16))


def test_zip_without_pictures(tmp_path: Path) -> None:
    with refused("holds no image; give a zip or folder of"):
        open_set(zipped(tmp_path / "set.zip", {"notes.txt": b"words"}), (16, 16))


def test_file_that_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "notes.zip"
    path.write_text("not a zip")
    with refused("is not a zip file"):
        open_set(path, (16, 16))


@pytest.mark.parametrize("cut", [1, 40, 300, 2000])
def test_cut_zip(folder: Path, cut: int) -> None:
    path = as_zip(folder)
    path.write_bytes(path.read_bytes()[:-cut])
    with refused("is not a zip file"):
        open_set(path, (16, 16))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_zip_with_a_damaged_entry(tmp_path: Path, compression: int) -> None:
    path = zipped(tmp_path / "set.zip", {"a.png": picture(), "b.png": picture(seed=1)}, compression)
    content = bytearray(path.read_bytes())
    content[200:208] = b"\xff" * 8
    path.write_bytes(bytes(content))
    with refused(r"a\.png cannot be unpacked \(.+\); make the zip again"):
        open_set(path, (16, 16))


def test_zip_of_mixed_sizes(tmp_path: Path) -> None:
    entries = {f"{i}.png": picture(seed=i) for i in range(5)}
    entries |= {"odd.png": picture(32, 24), "small.png": picture(8, 8), "another.png": picture(8, 8)}
    path = zipped(tmp_path / "set.zip", entries)
    with refused(r"mixes sizes: 5 pictures of 20x16, 3 of others, such as another\.png of 8x8; prepare them with"):
        open_set(path, (16, 16))
    with refused("mixes sizes: 5 pictures of 20x16, 3 of others"):
        open_set(path, (16, 16), memory=0)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "originals")
    assert len(open_set(tmp_path / "originals", (16, 16))) == 8


def test_encrypted_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", {"a.png": picture()})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1  # the flag in the central directory
    path.write_bytes(bytes(content))
    with refused(r"a\.png is encrypted; make the zip again without a password"):
        open_set(path, (16, 16))


def test_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused for what it says of itself; no byte of it is unpacked."""
    path = zipped(tmp_path / "set.zip", {"a.png": bytes(17 << 20)}, zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    with refused(r"a\.png unpacks from \d+ to 17825792 bytes, which no picture does; see what it is"):
        open_set(path, (16, 16))


def test_zip_whose_files_overlap(tmp_path: Path) -> None:
    """Many names in the directory for the same bytes."""
    path = zipped(tmp_path / "set.zip", {"a.png": picture()})
    content = path.read_bytes()
    at, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    entry, tail = content[at:end], content[end:]
    many = b"".join(entry.replace(b"a.png", b"%d.png" % i) for i in range(10))
    counts = struct.pack("<HHI", 10, 10, len(many))
    path.write_bytes(content[:at] + many + tail[:8] + counts + tail[16:])
    with refused(r"claims \d+ bytes of pictures in \d+, so its files overlap; make the zip again"):
        open_set(path, (16, 16))


def test_too_large_and_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_zip(folder)
    size = path.stat().st_size
    with monkeypatch.context() as bound:
        bound.setattr(source_module, "MAX_FILE_BYTES", 500)
        for place in (path, folder, sharded(folder.parent / "tars" / "s-0.tar", {"a.png": picture()}).parent):
            with refused(r"\.png is larger than 500 bytes; take it out"):
                open_set(place, (16, 16))
    monkeypatch.setattr(zip_module, "MAX_FILES", 3)
    with refused("holds 5 files, more than 3; train on a part"):
        open_set(path, (16, 16))
    monkeypatch.setattr(source_module, "MAX_FILES", 3)
    with refused("holds 4 pictures, more than 3; train on a part"):
        open_set(folder, (16, 16))
    assert path.stat().st_size == size


def test_file_that_is_no_image(folder: Path) -> None:
    (folder / "zz.png").write_text("words")
    with refused(r"zz\.png is not an image that can be decoded \(cannot identify"):
        open_set(folder, (16, 16))


def test_empty_file(folder: Path) -> None:
    (folder / "zz.png").touch()
    with refused(r"zz\.png is not an image that can be decoded"):
        open_set(folder, (16, 16), memory=0)


def test_cut_image(folder: Path) -> None:
    """Told when all are decoded at the beginning, else when it is asked for."""
    (folder / "zz.png").write_bytes(picture()[:200])
    with refused(r"zz\.png is not an image that can be decoded"):
        open_set(folder, (16, 16))
    images = open_set(folder, (16, 16), memory=0)
    assert images.batch([0, 1, 2, 3]).shape == (4, 3, 16, 16)
    with refused(r"zz\.png is not an image that can be decoded"):
        images.batch([3, 4])


def test_image_with_too_many_pixels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_module, "MAX_PIXELS", 300)
    with refused("20x16 pixels, more than 300; make it smaller"):
        open_set(folder, (16, 16))


def test_image_whose_pixels_mean_nothing_here(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("F", (16, 16)).save(buffer, format="TIFF")
    (tmp_path / "heights.tif").write_bytes(buffer.getvalue())
    with refused(r"heights\.tif is not an image that can be decoded \(unsupported pixels: pixels of kind F"):
        open_set(tmp_path, (16, 16))


def test_a_name_with_control_characters_stays_in_one_line(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", {"a\n\x1b[31m.png": b"words"})
    with refused(r"set\.zip: a\?\?\[31m\.png is not an image"):
        open_set(path, (16, 16))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda way, out: way.symlink_to(out / "secret.png"),
            "is a link that leads out of the folder; put what it leads",
        ),
        (lambda way, out: way.symlink_to(out), "is a link that leads out of the folder"),
        (lambda way, out: way.symlink_to(way.parent / "gone.png"), "is no file that can be read"),
        (lambda way, out: way.symlink_to(way), "is no file that can be read"),
        (lambda way, out: os.mkfifo(way), "is no file that can be read"),
    ],
    ids=["picture outside", "folder outside", "nothing there", "itself", "pipe"],
)
def test_what_only_looks_like_a_picture(
    folder: Path, tmp_path: Path, make: Callable[[Path, Path], None], sentence: str
) -> None:
    out = filled(tmp_path / "outside", "secret.png")
    make(folder / "way.png", out)
    with refused(rf"way\.png {sentence}"):
        open_set(folder, (16, 16))


@contextmanager
def anybody() -> Iterator[None]:
    """Not the superuser, who may read everything."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def test_what_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # the way there is closed to others as well
    os.chmod(folder / "00000" / "img00000002.png", 0)
    with refused(r"img00000002\.png cannot be read \(Permission denied\)"), anybody():
        open_set(Path("."), (16, 16))
    os.chmod(folder / "00000", 0)
    with refused(r"00000 cannot be read \(Permission denied\)"), anybody():
        open_set(Path("."), (16, 16))
    os.chmod(folder / "00000", stat.S_IRWXU)


def test_a_picture_that_goes_away(folder: Path) -> None:
    images = open_set(folder, (16, 16), memory=0)
    (folder / "00000" / "img00000001.png").unlink()
    with refused(r"img00000001\.png cannot be read \(No such file"):
        images.batch([0, 1])


def tar_of(tmp_path: Path) -> Path:
    return sharded(tmp_path / "tars" / "s-000000.tar", {f"{i}.png": picture(seed=i) for i in range(3)})


def test_shards_that_break_off(tmp_path: Path) -> None:
    shard = tar_of(tmp_path)
    content = shard.read_bytes()
    for length in (0, 100, 700):
        shard.write_bytes(content[:length])
        with refused(r"s-000000\.tar is not a tar file that can be read"):
            open_set(shard.parent, (16, 16))
    shard.write_text("not a tar" * 100)
    with refused(r"s-000000\.tar is not a tar file that can be read"):
        open_set(shard, (16, 16))


def test_a_shard_damaged_in_the_middle(tmp_path: Path) -> None:
    shard = tar_of(tmp_path)
    with tarfile.open(shard) as tar:
        second = tar.getmembers()[1].offset
    content = bytearray(shard.read_bytes())
    content[second : second + 100] = b"\xff" * 100
    shard.write_bytes(bytes(content))
    with refused(rf"it is damaged after {second} bytes"):
        open_set(shard.parent, (16, 16))


def test_a_shard_that_shrinks_while_it_is_used(tmp_path: Path) -> None:
    shard = tar_of(tmp_path)
    images = open_set(shard.parent, (16, 16), memory=0)
    shard.write_bytes(shard.read_bytes()[:600])
    with refused("it is shorter than it was"):
        images.batch([2])


def test_a_key_with_two_pictures(tmp_path: Path) -> None:
    shard = sharded(tmp_path / "tars" / "s-0.tar", {"a.png": picture(), "a.jpg": picture()})
    with refused("a has two pictures; make the shards again"):
        open_set(shard.parent, (16, 16))

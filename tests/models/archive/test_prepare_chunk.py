"""A chunk's file: made record by record, gone on with wherever it broke off, the same whatever happened."""

import hashlib
import io
import tarfile

import pytest
from PIL import Image

from models.archive.errors import ArchiveError, RejectedError
from models.archive.prepare.chunk import CHUNK, Item, chunk_name, chunks, process_chunk, read_chunk, read_results
from models.archive.prepare.chunk import reject as give_up
from models.archive.prepare.settings import Settings
from tests.models.archive.pictures import Files, encoded, jpeg, photo

SETTINGS = Settings((32, 32))
FILES = {f"{i}.jpg": jpeg(i) for i in range(4)} | {"3b.jpg": b"<html>", "wide.png": encoded(photo(9, 200, 40), "PNG")}


def prepared(files: Files, settings: Settings = SETTINGS, begun: bytes = b"") -> bytes:
    file = io.BytesIO(begun)
    process_chunk(files.items, settings, files, file)
    return file.getvalue()


def test_each_record_has_its_images_and_what_they_are() -> None:
    files = Files(FILES)
    records = list(read_chunk(io.BytesIO(prepared(files))))
    assert [result.id for result, _ in records] == [item.id for item in files.items]
    assert [result.kind for result, _ in records] == ["", "", "", "", "not an image", "extreme aspect"]
    for (result, images), item in zip(records, files.items, strict=True):
        assert result.original == item.sha256
        assert list(result.images) == [hashlib.sha256(image).hexdigest() for image in images]
        assert len(images) == (0 if result.kind else 1)
    with Image.open(io.BytesIO(records[0][1][0])) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (32, 32))
    assert records[0][0].size == (160, 120)


def test_the_records_alone_are_read_without_their_images() -> None:
    data = prepared(Files(FILES))
    assert list(read_results(io.BytesIO(data))) == [result for result, _ in read_chunk(io.BytesIO(data))]


def test_any_tar_reads_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(prepared(Files(FILES)))) as tar:
        names = tar.getnames()
    assert names[:4] == ["0000.0.png", "0000.json", "0001.0.png", "0001.json"]


def test_tiles_give_several_images_of_one_record() -> None:
    files = Files({"a.jpg": jpeg(1, 320, 120)})
    ((result, images),) = read_chunk(io.BytesIO(prepared(files, Settings((32, 32), crop="tiles"))))
    assert len(set(result.images)) == len(images) == 3


def test_jpeg_is_written_where_it_is_asked_for() -> None:
    ((_, images),) = read_chunk(io.BytesIO(prepared(Files({"a": jpeg(1)}), Settings((32, 32), format="jpg"))))
    with Image.open(io.BytesIO(images[0])) as image:
        assert image.format == "JPEG"


def test_a_chunk_is_gone_on_with_wherever_it_broke_off() -> None:
    whole = prepared(Files(FILES))
    for end in [*range(0, len(whole), 501), len(whole)]:
        files = Files(FILES)
        done = sum(1 for _ in read_chunk(io.BytesIO(whole[:end])))
        assert prepared(files, begun=whole[:end]) == whole
        assert files.read == [item.file for item in files.items[done:]]  # nothing whole was read again


@pytest.mark.parametrize("garbage", [bytes(3000), b"\xff" * 3000])
def test_garbage_at_the_end_is_prepared_again(garbage: bytes) -> None:
    whole = prepared(Files(FILES))
    assert prepared(Files(FILES), begun=whole[:4000] + garbage) == whole


def test_an_image_that_changed_on_the_disk_is_prepared_again() -> None:
    whole = prepared(Files(FILES))
    broken = bytearray(whole)
    broken[700] ^= 1  # within the first image
    files = Files(FILES)
    assert prepared(files, begun=bytes(broken)) == whole
    assert len(files.read) == len(FILES)


def test_a_whole_chunk_is_left_as_it_is() -> None:
    whole = prepared(Files(FILES))
    file = io.BytesIO(whole)
    assert process_chunk(Files(FILES).items, SETTINGS, Files({}), file) == 0
    assert file.getvalue() == whole


def test_a_file_that_is_gone_or_another_costs_its_record() -> None:
    files = Files(FILES)
    items = files.items
    del files.files["0.jpg"]
    files.files["1.jpg"] = jpeg(77)
    file = io.BytesIO()
    process_chunk(items, SETTINGS, files, file)
    file.seek(0)
    assert [result.kind for result in read_results(file)][:3] == ["missing file", "changed file", ""]


def test_a_disk_that_cannot_be_read_ends_the_chunk() -> None:
    def read(name: str) -> bytes:
        raise OSError(5, "Input/output error")

    with pytest.raises(ArchiveError, match=r"^0.jpg: cannot be read \(Input/output error\); see to its disk"):
        process_chunk(Files(FILES).items, SETTINGS, read, io.BytesIO())


def test_a_record_can_be_given_up() -> None:
    files, file = Files(FILES), io.BytesIO()
    give_up(file, files.items[0], RejectedError("crashed", "it did"))
    process_chunk(files.items, SETTINGS, files, file)
    file.seek(0)
    results = list(read_results(file))
    assert (results[0].kind, results[0].detail, results[1].kind) == ("crashed", "it did", "")
    assert "0.jpg" not in files.read


def test_the_name_depends_on_all_that_the_bytes_depend_on() -> None:
    items = Files(FILES).items
    name = chunk_name(items, SETTINGS)
    assert name == chunk_name(list(items), Settings((32, 32), near=None))  # duplicates are dropped later
    others = [chunk_name(items, Settings((32, 32), crop="keep")), chunk_name(items[1:], SETTINGS)]
    others.append(chunk_name([Item(items[0].id, "other name", "0" * 64), *items[1:]], SETTINGS))
    assert len({name, *others}) == 4
    moved = [Item(item.id, "elsewhere/" + item.file, item.sha256) for item in items]
    assert chunk_name(moved, SETTINGS) == name


def test_chunks_are_of_one_size() -> None:
    items = [Item(str(i), "", "") for i in range(2 * CHUNK + 1)]
    assert [len(portion) for portion in chunks(iter(items))] == [CHUNK, CHUNK, 1]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"size": (4, 64)}, "size: 4 is out of range"),
        ({"crop": "middle"}, "crop: 'middle' is not known; give centre, saliency, tiles, keep"),
        ({"ground": "white"}, "ground: 'white' is no colour; write it as #rrggbb"),
        ({"near": 12}, "near: 12 is out of range; give 0 to 11"),
        ({"max_pixels": 10**10}, "max_pixels: 10000000000 is out of range"),
        ({"quality": 0}, "quality: 0 is out of range"),
        ({"format": "gif"}, "format: 'gif' is not known; give png, jpg"),
    ],
)
def test_settings_out_of_range_are_a_sentence(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        Settings(**({"size": (32, 32)} | fields))  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence)


def test_borders_are_cut_off_before_cropping() -> None:
    sheet = Image.new("RGB", (1600, 1000), "#000000")
    sheet.paste(photo(5, 1000, 1000), (300, 0))
    files = Files({"a.jpg": encoded(sheet, "JPEG", quality=95)})
    ((result, _),) = read_chunk(io.BytesIO(prepared(files, Settings((128, 256), crop="keep", ground="#ff0000"))))
    assert "borders cut off" in result.notes[0]
    ((small, _),) = read_chunk(io.BytesIO(prepared(files, Settings((128, 128), min_side=995))))
    assert (small.kind, "inside its borders" in small.detail) == ("too small", True)
    ((left, _),) = read_chunk(io.BytesIO(prepared(files, Settings((128, 128), min_side=995, trim_borders=False))))
    assert left.kind == ""


def test_a_blank_sheet_is_rejected() -> None:
    files = Files({"a.png": encoded(Image.new("RGB", (100, 100), "#eeeeee"), "PNG")})
    ((result, _),) = read_chunk(io.BytesIO(prepared(files)))
    assert result.kind == "blank"

"""The two containers of `torch.save`: the zip of today, and the stream of pickles that came before it."""

import io
import struct
import zipfile
import zlib
from functools import cache, partial
from typing import Any

from models.convert.arrays import STORAGES, Storage, storage
from models.convert.machine import Machine, Vocabulary
from models.convert.refusal import Budget, Refused
from models.convert.stream import Stream

MAGIC = 0x1950A86A20F9469CFC6C
STREAM_PROTOCOL = 1001
ONLY_STORAGES: Vocabulary = dict.fromkeys(STORAGES)
ONE_STORAGE = 1000  # steps that a stream with nothing but one storage may cost; it takes about sixty
ENTRY = b"PK\x01\x02"  # what a line of a zip's table of contents begins with
LOCAL = struct.Struct("<26sHH")  # what stands before a file in a zip; last the lengths of its name and of an extra
MOST_ENTRIES = 20_000
ZIP_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
    OverflowError, LookupError,
)  # fmt: skip


def nested_storage(budget: Budget, data: Any) -> Storage:
    """What stands for torch's `_load_from_bytes`: a stream with one storage, inside a pickle. Raises Refused."""
    budget.spend(ONE_STORAGE // 10)
    found = read_stream(memoryview(data), ONLY_STORAGES, Budget(steps=ONE_STORAGE))
    if not isinstance(found, Storage):
        raise Refused("a tensor holds something else than numbers")
    return found


def read_stream(data: memoryview, vocabulary: Vocabulary, budget: Budget) -> Any:
    """The object in a stream: magic number, version, system, object, names of the storages, their numbers."""
    stream = Stream(data)
    storages: dict[str, Storage] = {}
    plain = Machine({}, budget)
    if plain.read(stream) != MAGIC or plain.read(stream) != STREAM_PROTOCOL:
        raise Refused("it is no file of torch.save")
    system = plain.read(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Refused("its numbers are not little-endian")
    found = Machine(vocabulary, budget, partial(_announced, storages)).read(stream)
    names = plain.read(stream)
    if not isinstance(names, list) or not all(isinstance(name, str) and name in storages for name in names):
        raise Refused("its list of tensors is damaged")
    start = stream.tell()
    for name in names:
        start = _place(storages[name], data, start)
    return found


def read_zip(data: bytes, vocabulary: Vocabulary, budget: Budget) -> Any:
    """The object in a zip: one pickle, and a file of numbers for each storage. Raises Refused."""
    if data.count(ENTRY) > MOST_ENTRIES:  # `zipfile` would make an object of each
        raise Refused("it is a zip of far more files than a network has tensors")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        files = {info.filename: info for info in archive.infolist()}
    except ZIP_DAMAGE:
        raise Refused("it is damaged or cut short: its table of contents cannot be read") from None
    pickles = [name for name in files if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise Refused("it is a zip, but none that torch.save wrote")
    folder = pickles[0].removesuffix("data.pkl")
    read = partial(_member, memoryview(data), files, folder)
    if f"{folder}byteorder" in files and bytes(read("byteorder")) != b"little":
        raise Refused("its numbers are not little-endian")
    storages: dict[str, Storage] = {}
    found = Machine(vocabulary, budget, partial(_announced, storages)).read(Stream(read("data.pkl")))
    for name, kept in storages.items():
        kept.load = cache(partial(read, f"data/{name}"))  # many tensors may look into one storage
    return found


def _member(data: memoryview, files: dict[str, zipfile.ZipInfo], folder: str, name: str) -> memoryview:
    """The bytes of a file in the zip, without a copy, held against its checksum."""
    info = files.get(folder + name)
    if info is None or info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise Refused(f"its part {name[:40]!a} is missing or compressed")
    head = bytes(data[info.header_offset : info.header_offset + LOCAL.size])
    if len(head) == LOCAL.size:
        start = info.header_offset + LOCAL.size + sum(LOCAL.unpack(head)[1:])
        found = data[start : start + info.file_size]
        if len(found) == info.file_size and zlib.crc32(found) == info.CRC:
            return found
    raise Refused(f"its part {name[:40]!a} is damaged")


def _announced(storages: dict[str, Storage], identity: Any) -> Storage:
    """The storage of a persistent id: its word, type, name, device, size, and in streams a view that is None."""
    word, kind, name, _, numel, *view = identity
    if word != "storage" or not isinstance(name, str) or any(part is not None for part in view):
        raise Refused("it refers to something else than numbers; save the state dicts of its networks, not the objects")
    new = storage(kind, numel)
    known = storages.setdefault(name, new)
    if (known.dtype, known.numel) != (new.dtype, new.numel):
        raise Refused(f"its tensors disagree on the storage {name[:40]!a}")
    return known


def _place(kept: Storage, data: memoryview, start: int) -> int:
    """Give a storage its numbers, behind their count at `start`; where they end."""
    first = start + 8
    end = first + kept.nbytes
    if int.from_bytes(data[start:first], "little") != kept.numel or end > len(data):
        raise Refused("it is cut short, or a tensor claims more numbers than it has")
    kept.load = lambda: data[first:end]
    return end

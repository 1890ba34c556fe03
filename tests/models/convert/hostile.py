"""Files that want something else than to be read, and a process with little memory to open them in.

`python -m tests.models.convert.hostile FOLDER` opens every file of a folder with its address space limited, and prints
as JSON what came of each, and the most memory that was held.
"""

import io
import json
import pickle
import resource
import struct
import sys
import zipfile
from pathlib import Path

from models.convert.source import open_source
from models.errors import CheckpointError
from tests.models.convert.foreign import Part, dumped

ALLOWED = 768 << 20  # bytes of address space beside what the libraries take
HUGE = 10 * 2**30


def _nested_storage(numel: int) -> bytes:
    """torch's stream for one storage that claims to hold `numel` numbers."""
    persistent = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu\x8a\x08"
    persistent += struct.pack("<q", numel) + b"NtQ."
    head = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join(head) + b"\x80\x02" + persistent + pickle.dumps(["0"], 2) + struct.pack("<q", numel) + bytes(16)


def _tensor(numel: int, shape: str, stride: str) -> bytes:
    """A pickle of one tensor; shape and stride as opcodes."""
    stream = _nested_storage(numel)
    storage = b"ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(stream)) + stream + b"\x85R"
    arguments = b"(" + storage + b"K\x00" + shape.encode("latin1") + stride.encode("latin1") + b"\x89Nt"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R."


def _array(length: int) -> bytes:
    """A pickle of a numpy array that claims that many numbers."""
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x85R"
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    state = b"(K\x01\x8a\x08" + struct.pack("<q", length) + b"\x85" + dtype + b"\x89C\x08" + bytes(8) + b"tb."
    return b"\x80\x03" + made + state


def _empty_places(places: int, times: int) -> bytes:
    """A pickle of a network with the same part again and again, in which every place for a tensor is empty."""
    inner, whole = Part("Inner"), Part("Whole")
    inner.state["_parameters"] = {f"p{i}": None for i in range(places)}
    whole.state["_modules"] = {f"m{i}": inner for i in range(times)}
    return dumped({"G_ema": whole})


def bombs() -> dict[str, bytes]:
    """Small files that claim much, by what they do."""
    claim = struct.pack("<Q", HUGE)
    numbers = f"\x8a\x08{struct.pack('<q', 10**9).decode('latin1')}"
    pairs = b"](" + b"X\x01\x00\x00\x00aK\x01\x86" * 20_000 + b"eq\x00"
    copies = b"ccollections\nOrderedDict\nq\x01" + b"h\x01h\x00\x85R" * 5_000
    text = (
        b"c_codecs\nencode\nq\x00X"
        + struct.pack("<I", 1 << 20)
        + b"a" * (1 << 20)
        + b"X\x06\x00\x00\x00latin1\x86q\x01"
    )
    names = b"}(" + b"".join(b"X\x06\x00\x00\x00%06dN" % i for i in range(100_000)) + b"u"
    halves = b"cnumpy\ndtype\nX\x02\x00\x00\x00f2\x85RB" + struct.pack("<I", 30 << 20) + bytes(30 << 20)
    deflated = io.BytesIO()
    with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + bytes(64 << 20))
    return {
        "bytes": b"\x80\x04\x8e" + claim + b"x.",
        "bytearray": b"\x80\x05\x96" + claim + b"x.",
        "text": b"\x80\x04\x8d" + claim + b"x.",
        "frame": b"\x80\x04\x95" + claim + b"].",
        "integer": b"\x80\x02\x8b\xff\xff\xff\x7f\x01.",
        "memo": b"\x80\x02]r\xff\xff\xff\xff.",
        "storage": _tensor(HUGE, "K\x04\x85", "K\x01\x85"),
        "shape": _tensor(4, f"{numbers}{numbers}\x86", "K\x01K\x01\x86"),
        "repeated": _tensor(4, f"{numbers}\x85", "K\x00\x85"),
        "stride": _tensor(4, "K\x02\x85", f"{numbers}\x85"),
        "array": _array(10**10),
        "tuples": b"\x80\x02)" + b"\x85" * 250_000 + b".",
        "lists": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        "key": b"\x80\x02})" + b"\x85" * 100_000 + b"K\x01s.",
        "sets": b"\x80\x04(" + b"\x8f" * 3_000_000 + b"t.",
        "marks": b"\x80\x02" + b"(" * 3_000_000 + b"t.",
        "copies": b"\x80\x02" + pairs + copies + b".",
        "encoded": b"\x80\x02" + text + b"h\x00h\x01R" * 2_000 + b".",
        "namespace": b"\x80\x02cargparse\nNamespace\n)Rq\x00" + names + b"q\x01" + b"h\x00h\x01b0" * 40_000 + b".",
        "scalar": b"\x80\x03cnumpy.core.multiarray\nscalar\n" + halves + b"\x86R.",
        "empty places": _empty_places(100_000, 5_000),
        "zip": deflated.getvalue(),
        "table": b"PK\x03\x04" + (b"PK\x01\x02" + bytes(42)) * 200_000,
    }


def open_all(folder: Path) -> dict[str, str]:
    """What each file comes to: "ok", or the sentence that refuses it."""
    said = {}
    for path in sorted(folder.iterdir()):
        try:
            source = open_source(path)
            for role in source.contents.networks:
                source.build(role)
            said[path.name] = "ok"
        except CheckpointError as error:
            said[path.name] = str(error)
    return said


def main() -> None:
    """Open the files of a folder in little memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ALLOWED
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = open_all(Path(sys.argv[1]))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    json.dump({"said": said, "grown_mib": grown / 1024}, sys.stdout)


if __name__ == "__main__":
    main()

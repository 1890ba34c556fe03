"""Whatever lies where a shader, its `.vs` or its picture should be: one sentence, and nothing is waited for."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import ReverieError
from engine.render import files
from engine.render.budgets import LARGEST_FILE
from engine.render.buffers import Copy
from engine.render.context import GLContext
from engine.render.files import open_regular, stamp
from engine.render.header import load
from engine.render.isf import IsfError
from engine.render.library import find_shader
from engine.render.passes import ShaderPass
from tests.render.drawing import write_isf

BODY = "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage); }"
NOBODY = 65534

Put = Callable[[Path], object]
STRANGE = [
    pytest.param(os.mkfifo, "is not a regular file", id="pipe"),
    pytest.param(os.mkdir, "is not a regular file", id="folder"),
    pytest.param(lambda path: path.symlink_to("/dev/zero"), "is not a regular file", id="device"),
    pytest.param(lambda path: path.symlink_to("gone"), "cannot be read: No such file", id="dead-link"),
    pytest.param(lambda path: path.symlink_to(path.name), "cannot be read: Too many levels", id="circle"),
]


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """A folder that this process may not enter meanwhile."""
    root = os.geteuid() == 0
    folder.chmod(0)
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)


@pytest.mark.parametrize(("put", "why"), STRANGE)
def test_a_shader_that_is_no_file(tmp_path: Path, put: Put, why: str) -> None:
    put(tmp_path / "a.fs")
    with pytest.raises(IsfError, match=f"a.fs: {why}"):
        load(tmp_path / "a.fs")


@pytest.mark.parametrize(("put", "why"), STRANGE)
def test_a_vertex_shader_that_is_no_file(tmp_path: Path, put: Put, why: str) -> None:
    path = write_isf(tmp_path / "a.fs", BODY)
    put(tmp_path / "a.vs")
    with pytest.raises(IsfError, match=f"a.vs: {why}"):
        load(path)


@pytest.mark.parametrize(("put", "why"), [STRANGE[0], STRANGE[1]])
def test_an_imported_picture_that_is_no_file(gl: GLContext, tmp_path: Path, put: Put, why: str) -> None:
    put(tmp_path / "a.png")
    shader = load(write_isf(tmp_path / "a.fs", BODY, IMPORTED={"x": {"PATH": "a.png"}}))
    with pytest.raises(IsfError, match=f"a.png: {why}"):
        ShaderPass(Copy(gl.ctx), shader)


def test_a_file_that_becomes_a_pipe_while_it_is_opened_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regular = write_isf(tmp_path / "a.fs", BODY).stat()
    os.mkfifo(tmp_path / "b.fs")
    monkeypatch.setattr(files.Path, "stat", lambda path: regular)
    with pytest.raises(IsfError, match="is not a regular file"):
        open_regular(tmp_path / "b.fs", LARGEST_FILE)


def test_a_folder_this_user_may_not_enter(tmp_path: Path) -> None:
    write_isf(tmp_path / "a.fs", BODY)
    with forbidden(tmp_path):
        for attempt in (lambda: find_shader("a.fs", tmp_path), lambda: load(tmp_path / "a.fs")):
            with pytest.raises(ReverieError, match="cannot be read: Permission denied; check its name and permissions"):
                attempt()
        assert stamp(tmp_path / "a.fs") == ()
    assert find_shader("a.fs", tmp_path) == tmp_path / "a.fs"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x" * 300 + ".fs", "File name too long"),
        ("x" * 300, "File name too long"),
        ("a\0b.fs", "embedded null byte"),
        ("\udc80.fs", "is not in|cannot be read"),
    ],
)
def test_names_that_no_file_can_have(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ReverieError, match=why) as caught:
        find_shader(name, tmp_path)
    assert "\0" not in str(caught.value)


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.fs").symlink_to("a.fs")
    with pytest.raises(ReverieError, match=r"a\.fs"):
        load(find_shader("a.fs", tmp_path))


def test_a_picture_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(IsfError, match=r"a\.fs:2: IMPORTED picture .*: cannot be read: File name too long"):
        load(write_isf(tmp_path / "a.fs", BODY, IMPORTED={"x": {"PATH": "y" * 300}}))


def test_a_stamp_changes_with_the_file_its_permissions_and_its_place(tmp_path: Path) -> None:
    path = write_isf(tmp_path / "a.fs", BODY)
    stamps = [stamp(path)]
    path.chmod(0o400)
    stamps.append(stamp(path))
    other = tmp_path / "b.fs"
    other.write_bytes(path.read_bytes())
    other.chmod(0o400)
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    stamps.append(stamp(path))
    path.unlink()
    stamps.append(stamp(path))
    assert len(set(stamps)) == 4

"""A user for whom the modes of files count, also where the tests run as root."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def without_privileges(act: Callable[[], T]) -> T:
    """What `act` returns, called in a thread that has given up every capability: Linux keeps them thread by thread."""
    with ThreadPoolExecutor(1, initializer=_give_up) as thread:
        return thread.submit(act).result()


def _give_up() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header, nothing = _Header(VERSION_3, 0), (_Data * 2)()
    assert libc.capset(ctypes.byref(header), nothing) == 0

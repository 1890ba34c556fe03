"""A pickle read as data: a stack machine that knows the opcodes of protocols 2 to 5 and calls nothing a file names.

A pickle is a program. This machine runs the part of it that stacks up plain values. Where the program names a Python
object, the name is looked up in a vocabulary given by us, and what stands there builds a plain value; a name that is
not in it ends the reading. The names in a file are never imported. The standard library splits the file into opcodes
(`pickletools.genops`, which interprets none of them).
"""

import pickletools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from models.convert.refusal import Budget, Refused
from models.convert.stream import Stream

Build = Callable[..., object]
Vocabulary = Mapping[str, Build | None]

PROTOCOLS = range(2, 6)
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY: dict[str, Callable[[], object]] = {
    "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set, "EMPTY_TUPLE": tuple,
}  # fmt: skip
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
LITERALS = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
LONGEST_INTEGER = 128  # bits; the states of random generators have so many
DAMAGE = (ValueError, TypeError, LookupError, OverflowError, AttributeError)


@dataclass(frozen=True, slots=True)
class Name:
    """A Python object that a file speaks of, by its name alone."""

    name: str


class Stateful:
    """A value that a file may describe further after making it."""

    def describe(self, state: Any) -> None:
        """Take the state that the file gives."""
        raise NotImplementedError


class Machine:
    """Reads one pickle from a stream. `resolve` gives what stands for a persistent id."""

    def __init__(self, vocabulary: Vocabulary, budget: Budget, resolve: Callable[[Any], object] | None = None) -> None:
        self._vocabulary = vocabulary
        self._budget = budget
        self._resolve = resolve
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []  # stacks under a mark
        self._memo: dict[int, Any] = {}

    def read(self, stream: Stream) -> Any:
        """The value that the next pickle in the stream describes. Raises Refused."""
        start = stream.tell()
        try:
            for opcode, argument, _ in pickletools.genops(cast("IO[bytes]", stream)):
                self._budget.spend()
                self._step(opcode.name, argument)
            return self._stack.pop()
        except DAMAGE:
            raise Refused(f"it is damaged or cut short near byte {stream.tell() - start} of a pickle") from None

    def _step(self, opcode: str, argument: Any) -> None:
        if opcode in LITERALS:
            self._stack.append(_short(argument) if isinstance(argument, int) else argument)
        elif opcode in CONSTANTS:
            self._stack.append(CONSTANTS[opcode])
        elif opcode in EMPTY:
            self._stack.append(EMPTY[opcode]())
        elif opcode in TUPLES:
            self._stack[-TUPLES[opcode] :] = [self._last(TUPLES[opcode])]
        elif opcode in ACTIONS:
            ACTIONS[opcode](self, argument)
        else:
            raise Refused(f"it uses the pickle opcode {opcode}, which no network needs")

    def _last(self, count: int) -> tuple[Any, ...]:
        if len(self._stack) < count:
            raise IndexError
        return tuple(self._stack[-count:])

    def _protocol(self, number: int) -> None:
        if number not in PROTOCOLS:
            raise Refused(f"its pickle protocol is {number}; known are 2 to 5")

    def _mark(self, _: object) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def _pop(self, _: object) -> None:
        self._stack.pop()

    def _pop_mark(self, _: object) -> None:
        self._since_mark()

    def _duplicate(self, _: object) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def _memoize(self, _: object) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    def _tuple(self, _: object) -> None:
        items = self._since_mark()
        self._stack.append(tuple(items))

    def _list(self, _: object) -> None:
        items = self._since_mark()
        self._stack.append(items)

    def _dict(self, _: object) -> None:
        items = self._since_mark()
        self._stack.append(mapping(zip(items[::2], items[1::2], strict=True)))

    def _frozenset(self, _: object) -> None:
        items = self._since_mark()
        self._stack.append(collection(items))

    def _append(self, _: object) -> None:
        item = self._stack.pop()
        _exactly(list, self._stack[-1]).append(item)

    def _appends(self, _: object) -> None:
        items = self._since_mark()
        _exactly(list, self._stack[-1]).extend(items)

    def _set_item(self, _: object) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        _exactly(dict, self._stack[-1])[plain_key(key)] = value

    def _set_items(self, _: object) -> None:
        items = self._since_mark()
        _exactly(dict, self._stack[-1]).update(mapping(zip(items[::2], items[1::2], strict=True)))

    def _add_items(self, _: object) -> None:
        items = self._since_mark()
        _exactly(set, self._stack[-1]).update(collection(items))

    def _global(self, argument: str) -> None:
        module, name = argument.split(" ")
        self._name(module, name)

    def _stack_global(self, _: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(module, str) and isinstance(name, str)):
            raise TypeError
        self._name(module, name)

    def _name(self, module: str, name: str) -> None:
        whole = f"{module}.{name}"
        if whole not in self._vocabulary:
            raise Refused(f"it names the Python object {whole[:80]!a}, which no network that can be converted needs")
        self._stack.append(Name(whole))

    def _make(self, _: object) -> None:
        """REDUCE and NEWOBJ: what the vocabulary builds under the name on the stack."""
        arguments, name = self._stack.pop(), self._stack.pop()
        build = self._vocabulary[name.name] if isinstance(name, Name) else None
        if build is None or not isinstance(arguments, tuple):
            raise Refused("it calls something that is no known constructor")
        self._stack.append(build(*arguments))

    def _describe(self, _: object) -> None:
        """BUILD: state for a value that takes one; attributes of a plain dict are of no use here."""
        state = self._stack.pop()
        if isinstance(self._stack[-1], Stateful):
            self._stack[-1].describe(state)
        else:
            _exactly(dict, self._stack[-1])

    def _persistent(self, _: object) -> None:
        if self._resolve is None:
            raise Refused("it refers to data outside itself")
        self._stack.append(self._resolve(self._stack.pop()))


def mapping(items: Any) -> dict[Any, Any]:
    """A dict of pairs whose keys are plain."""
    return {plain_key(key): value for key, value in items}


def collection(items: Any) -> set[Any]:
    """A set of plain values."""
    return {plain_key(item) for item in items}


def plain_key(key: Any) -> Any:
    """The key itself, if hashing it is harmless.

    Nested tuples would recurse as deep as the file likes, and of larger integers any number share one hash.
    """
    if key is None or isinstance(key, str) or (isinstance(key, int) and abs(key) < sys.hash_info.modulus):
        return key
    raise TypeError


def _short(number: int) -> int:
    if number.bit_length() > LONGEST_INTEGER:
        raise Refused(f"it has an integer of {number.bit_length()} bits, which no network needs")
    return number


def _exactly(kind: type[Any], value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


ACTIONS: dict[str, Callable[[Machine, Any], None]] = {
    "PROTO": Machine._protocol,
    "FRAME": lambda machine, length: None,
    "STOP": lambda machine, _: None,
    "MARK": Machine._mark,
    "POP": Machine._pop,
    "POP_MARK": Machine._pop_mark,
    "DUP": Machine._duplicate,
    "BINPUT": Machine._put,
    "LONG_BINPUT": Machine._put,
    "MEMOIZE": Machine._memoize,
    "BINGET": Machine._get,
    "LONG_BINGET": Machine._get,
    "TUPLE": Machine._tuple,
    "LIST": Machine._list,
    "DICT": Machine._dict,
    "FROZENSET": Machine._frozenset,
    "APPEND": Machine._append,
    "APPENDS": Machine._appends,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_items,
    "ADDITEMS": Machine._add_items,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "REDUCE": Machine._make,
    "NEWOBJ": Machine._make,
    "BUILD": Machine._describe,
    "BINPERSID": Machine._persistent,
}

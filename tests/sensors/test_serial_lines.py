import random

import pytest

from sensors.serial_lines import LINE_LIMIT, LineParser


def read(data: bytes, *, columns: list[str] | None = None) -> dict[str, float]:
    return LineParser({"t", "lux"}, columns).feed(data)


@pytest.mark.parametrize(
    "line",
    [
        b'{"t": 21.5, "lux": 300}\n',
        b'{"lux": "300", "t": "21.5", "id": "board 1", "ok": true, "list": [1, 2]}\r\n',
        b"t:21.5,lux:300\n",
        b"t: 21.5 lux: 300\r",
        b"t=21.5; lux=300\n",
        b"t:21.5C lux:300lx\n",
        b"\tT:9 t:2.15e1 lux:+300.\n",
        b"t,lux\n21.5,300\n",
        b'"t";"other";"lux"\n21.5;;300\n',
        b"t lux\n 21.5  300\n",
    ],
)
def test_the_three_forms_of_a_line(line: bytes) -> None:
    assert read(line) == {"t": 21.5, "lux": 300.0}


def test_csv_with_configured_columns() -> None:
    assert read(b"21.5,0,300\n", columns=["t", "spare", "lux"]) == {"t": 21.5, "lux": 300}
    assert read(b"21.5,300\n", columns=["t", "spare", "lux"]) == {}


@pytest.mark.parametrize(
    "line",
    [
        b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n",
        b"t:12:30:45\n",
        b"t:1.2.3\n",
        b"heat:21.5\n",
        b"t:nan lux:inf\n",
        b'{"t": NaN, "lux": Infinity}\n',
        b'{"t": true, "lux": null}\n',
        b'{"t": 1e999, "lux": 1' + b"0" * 400 + b"}\n",
        b'{"t": 21.5,\n',
        b"[" * 900 + b"\n",
        b'{"a":' + b"[" * 900 + b"\n",
        b"21.5,300\n",
        b"\xff\xfe\x00\x80t:21.5\n",
        b"t:21.5,lux:300",
    ],
)
def test_what_is_no_measurement_gives_nothing(line: bytes) -> None:
    assert read(line) == {}


def test_lines_arrive_in_any_pieces() -> None:
    parser = LineParser({"t"})
    heard = [parser.feed(bytes([byte])) for byte in b"t:1\r\nt:2\nt:3\n"]
    assert [values["t"] for values in heard if values] == [1, 2, 3]
    assert parser.feed(b"t:4\nt:5\nt:") == {"t": 5}
    assert parser.feed(b"6\n") == {"t": 6}


def test_half_a_line_at_the_beginning_is_no_value() -> None:
    parser = LineParser({"t"}, midway=True)
    assert parser.feed(b"t:1.5\n") == {}
    assert parser.feed(b"t:21.5\n") == {"t": 21.5}
    assert parser.ignored == 0


def test_rubbish_is_counted_and_does_not_hide_the_next_line() -> None:
    parser = LineParser({"t"})
    assert parser.feed(b"\xff\x00\x13\n\nhello\nt:21.5\n") == {"t": 21.5}
    assert parser.ignored == 2


def test_a_line_without_end_takes_no_memory() -> None:
    parser = LineParser({"t"})
    for _ in range(200):
        assert parser.feed(b"t:1 " * 100) == {}
        assert len(parser._buffer) <= LINE_LIMIT
    assert parser.feed(b"\nt:2\n") == {"t": 2}
    assert parser.ignored > 0


def test_random_bytes_never_raise_and_never_grow() -> None:
    chance = random.Random(1929)
    pieces = [
        b'{"t":',
        b"t:",
        b"t,lux\n",
        b"\r\n",
        b"-127",
        b"1e9",
        b'"',
        b"}",
        b"[",
        b"\x00",
        "°".encode(),
        b"=",
        b" ",
    ]
    parser = LineParser({"t", "lux"})
    for _ in range(5000):
        noise = chance.randbytes(chance.randrange(60))
        values = parser.feed(b"".join(chance.choices(pieces, k=chance.randrange(8))) + noise)
        assert set(values) <= {"t", "lux"}
        assert all(isinstance(value, float) and abs(value) <= 1e300 for value in values.values())
        assert len(parser._buffer) <= LINE_LIMIT

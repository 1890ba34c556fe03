"""The catalogue of an archive: one SQLite file in its folder, and the log of what operators decided.

One process writes at a time: fetching and importing each hold the lock for as long as they run. Readers need none.
"""

import fcntl
import getpass
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, Self

from models.archive.errors import ArchiveError
from models.archive.record import Entry, Record, Rights, Status

NAME = "catalogue.sqlite"
FORMAT = 1
BATCH = 5_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS works (
    id TEXT PRIMARY KEY, source TEXT, title TEXT, artists TEXT, date TEXT, year_from INT, year_to INT,
    rights TEXT, rights_text TEXT, image TEXT, service TEXT, page TEXT, label TEXT,
    status TEXT, kind TEXT, detail TEXT, file TEXT, sha256 TEXT, size INT, etag TEXT, modified TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_status ON works (status);
CREATE TABLE IF NOT EXISTS log (time TEXT, who TEXT, what TEXT);
"""
WORK = "id, source, title, artists, date, year_from, year_to, rights, rights_text, image, service, page, label"
DONE = "status, kind, detail, file, sha256, size, etag, modified"
PUT = f"INSERT OR REPLACE INTO works ({WORK}, {DONE}) VALUES ({', '.join('?' * 21)})"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A decision of an operator: when (UTC, ISO 8601), who, what."""

    time: str
    who: str
    what: str


class Catalogue:
    """A context. `writing` takes the archive's lock and creates what is missing."""

    def __init__(self, folder: Path, writing: bool = False) -> None:
        """Raises ArchiveError where there is no archive to read, or another process is writing to it."""
        self.folder = folder
        path = folder / NAME
        with ExitStack() as held:
            if writing:
                _make(folder)
                _lock(held.enter_context(_lock_file(folder)), folder)
            else:
                _see_that_it_is_there(path)
            self._db = held.enter_context(closing(_connected(path, writing)))
            _see_that_it_fits(self._db, path, writing)
            self._held = held.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def put(self, entries: Iterable[Entry]) -> None:
        """Add entries, or replace those of the same id; all or none of each `BATCH`. Raises ArchiveError where the disk
        refuses.
        """
        rows: list[tuple[Any, ...]] = []
        for entry in entries:
            rows.append(_row(entry))
            if len(rows) == BATCH:
                self._write(PUT, rows)
                rows.clear()
        self._write(PUT, rows)

    def get(self, key: str) -> Entry | None:
        """The entry of an id."""
        row = next(self.ask(f"SELECT {WORK}, {DONE} FROM works WHERE id = ?", (_storable(key),)), None)
        return None if row is None else _entry(row)

    def entries(self, status: Status | None = None, after: str = "") -> Iterator[Entry]:
        """All, or those of one status, in the order of their ids; those whose ids come after `after`."""
        where, values = ("id > ?", (after,)) if status is None else ("status = ? AND id > ?", (status, after))
        for row in self.ask(f"SELECT {WORK}, {DONE} FROM works WHERE {where} ORDER BY id", values):
            yield _entry(row)

    def count(self) -> "Counter[tuple[Status, str]]":
        """How many works there are by (status, kind of rejection)."""
        rows = self.ask("SELECT status, kind, count(*) FROM works GROUP BY status, kind")
        return Counter({(Status(status), kind): number for status, kind, number in rows})

    def log(self, what: str) -> None:
        """Note a decision, with the time and the user's name."""
        self._write("INSERT INTO log VALUES (?, ?, ?)", [(datetime.now(UTC).isoformat("T", "seconds"), _who(), what)])

    def decisions(self) -> list[LogLine]:
        """The log, oldest first."""
        return [LogLine(*row) for row in self.ask("SELECT time, who, what FROM log ORDER BY rowid")]

    def ask(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a query over the tables `works` and `log`, one after the other. For reading only. Raises ArchiveError
        where the file is damaged, also while the rows are gone through.
        """
        with self._reading():
            rows = self._db.execute(query, values)
        return self._each(rows)

    def _each(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        with self._reading():
            for row in rows:  # noqa: UP028 (`yield from` would close the cursor of one that is left, perhaps too late)
                yield row

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            path = self.folder / NAME
            raise ArchiveError(
                f"{path}: is damaged ({error}); bring back a copy of it, or import anew into another folder"
            ) from None

    def _write(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        try:
            with self._db:
                self._db.executemany(statement, rows)
        except UnicodeEncodeError:  # JSON and file names can hold halves of characters; too rare to look for them first
            self._write(statement, [tuple(map(_storable, row)) for row in rows])
        except sqlite3.Error as error:
            raise ArchiveError(
                f"{self.folder / NAME}: cannot be written ({error}); see that the disk has room"
            ) from None


def _see_that_it_is_there(path: Path) -> None:
    try:
        there = S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        there = False
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read ({error.strerror}); see its name and who may read it") from None
    if not there:
        raise ArchiveError(
            f"{path.parent}: there is no archive; make one with `reverie archive import SOURCE --into DIR`"
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"{folder}: no archive can be made there ({error.strerror}); name another folder") from None


def _lock_file(folder: Path) -> IO[bytes]:
    try:
        return (folder / ".lock").open("ab")
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be written to ({error.strerror}); name another folder") from None


def _lock(file: IO[bytes], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ArchiveError(f"{folder}: another `reverie archive` is at work there; wait for it or stop it") from None
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be locked ({error.strerror}); name a folder on another disk") from None


def _connected(path: Path, writing: bool) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path if writing else f"{path.absolute().as_uri()}?mode=ro", uri=not writing)
    except sqlite3.Error as error:
        raise _unopened(path, error) from None


def _see_that_it_fits(db: sqlite3.Connection, path: Path, writing: bool) -> None:
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if writing and version == 0:  # new, or left by a run that was killed as it made it
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)
            db.execute(f"PRAGMA user_version = {FORMAT}")
            version = FORMAT
    except sqlite3.Error as error:
        raise _unopened(path, error) from None
    if version != FORMAT:
        raise ArchiveError(
            f"{path}: is of format {version}, this Reverie reads {FORMAT}; import anew into another folder"
        )


def _unopened(path: Path, error: sqlite3.Error) -> ArchiveError:
    return ArchiveError(f"{path}: is no catalogue that can be opened ({error}); import anew into another folder")


def _row(entry: Entry) -> tuple[Any, ...]:
    r = entry.record
    years = r.years or (None, None)
    return (
        *(r.id, r.source, r.title, _joined(r.artists), r.date, *years),
        *(r.rights.value, r.rights_text, r.image, r.service, r.page, r.label),
        *(entry.status.value, entry.kind, entry.detail),
        *(entry.file, entry.sha256, entry.size, entry.etag, entry.modified),
    )


@lru_cache(maxsize=1 << 14)  # artists come again and again, and this is a fifth of what writing a record costs
def _joined(artists: tuple[str, ...]) -> str:
    return json.dumps(artists, ensure_ascii=False)


def _storable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _entry(row: tuple[Any, ...]) -> Entry:
    key, source, title, artists, date, start, end, rights, *texts = row[:13]
    years = None if start is None else (start, end)
    record = Record(key, source, title, tuple(json.loads(artists)), date, years, Rights(rights), *texts)
    return Entry(record, Status(row[13]), *row[14:])


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "unknown"

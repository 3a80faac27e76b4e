"""The file of the ledger: one SQLite table to which rows can only be added.

Journal mode DELETE with ``synchronous = EXTRA``: pages, journal and the folder of the journal are on disk
before a transaction returns, and the whole ledger is one file, so that a copy of it is a whole copy (a
write-ahead log would keep the newest entries in a second file). Triggers refuse changes, removals and gaps;
they stop accidents, the hash chain finds the rest.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from synthrec.errors import ConfigError, VerificationError
from synthrec.privacy.entries import COLUMNS, Entry
from synthrec.whole_files import sync_folder

FILE = "ledger.sqlite"
FORMAT = 1
WAIT = 60.0
"""Seconds that one process waits for another to finish its entry."""

_SCHEMA = {
    "entries": f"CREATE TABLE entries (sequence INTEGER PRIMARY KEY, {', '.join(list(COLUMNS)[1:])})",
    "no_change": (
        "CREATE TRIGGER no_change BEFORE UPDATE ON entries "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    ),
    "no_removal": (
        "CREATE TRIGGER no_removal BEFORE DELETE ON entries "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    ),
    "no_gap": (
        "CREATE TRIGGER no_gap BEFORE INSERT ON entries "
        "WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM entries) "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    ),
}

_SETTINGS = (
    "PRAGMA journal_mode = DELETE",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA fullfsync = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "davfs"}
    | {f"fuse.{name}" for name in ("sshfs", "ceph", "glusterfs", "davfs", "rclone", "s3fs", "gcsfuse")}
)
"""File systems whose locks do not hold between machines, as ``/proc/self/mountinfo`` names them."""


class LedgerStore:
    """An open ledger file."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, folder: Path, *, create: bool) -> LedgerStore:
        """Open the ledger in a folder.

        Args:
            folder: Where ``ledger.sqlite`` lies.
            create: Whether a first, empty ledger may be made there.

        Raises:
            ConfigError: the place is no place for a ledger: a link, open to others, or on a network.
            VerificationError: the file is missing though it must be there, or is no ledger.
            OSError: the disk is full or fails, or another process holds the ledger for too long.
        """
        path = folder / FILE
        if create:
            _make_folder(folder)
        if not os.path.lexists(path) and not create:
            raise VerificationError(f"{path}: the ledger is gone; restore it from your backup")
        _refuse_network(folder)
        _claim(path)
        store = cls(path, sqlite3.connect(path, timeout=WAIT, isolation_level=None))
        store._prepare(create=create)
        return store

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def entries(self, after: int | None = None) -> tuple[Entry, ...]:
        """Entries in order; those of a higher sequence than `after` only."""
        with self._faults():
            rows = self._connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM entries "  # noqa: S608
                "WHERE ?1 IS NULL OR sequence > ?1 ORDER BY sequence",
                (after,),
            ).fetchall()
        return tuple(Entry(*row) for row in rows)

    def append(self, entry: Entry) -> None:
        """Add an entry, within `writing`."""
        places = ", ".join("?" * len(COLUMNS))
        with self._faults():
            self._connection.execute(f"INSERT INTO entries VALUES ({places})", astuple(entry))  # noqa: S608

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only right to write; what was appended is on disk when the body is left, or not at all."""
        with self._faults():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._faults():
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _prepare(self, *, create: bool) -> None:
        self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
        with self._faults():
            for setting in _SETTINGS:
                self._connection.execute(setting)
        if create and not self._objects():
            self._create()
        self._refuse_foreign()

    def _create(self) -> None:
        with self.writing():
            if self._objects():
                return
            with self._faults():
                for statement in _SCHEMA.values():
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _objects(self) -> dict[str, str]:
        with self._faults():
            return dict(self._connection.execute("SELECT name, sql FROM sqlite_schema").fetchall())

    def _refuse_foreign(self) -> None:
        with self._faults():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise VerificationError(
                f"{self.path}: the ledger has format {version}, this synthrec reads format {FORMAT}; "
                "upgrade synthrec"
            )
        if version != FORMAT or self._objects() != _SCHEMA:
            raise VerificationError(
                f"{self.path}: table or triggers are not those of a ledger; restore it from your backup"
            )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say in our own terms what SQLite reports."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._fault(error) from None
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            raise self._damage() from None

    def _damage(self) -> VerificationError:
        return VerificationError(
            f"{self.path}: the file is damaged or no ledger; restore it from your backup"
        )

    def _fault(self, error: sqlite3.OperationalError) -> OSError | VerificationError:
        match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return TimeoutError(
                    errno.ETIMEDOUT, f"another process held it for {WAIT:.0f} s", str(self.path)
                )
            case sqlite3.SQLITE_FULL:
                return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                return PermissionError(errno.EACCES, "the ledger cannot be written", str(self.path))
            case sqlite3.SQLITE_ERROR:
                return self._damage()
            case _:
                return OSError(errno.EIO, f"the ledger cannot be read or written ({error})", str(self.path))


def file_system(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Type of the file system of a folder as the kernel names it, or None where it does not tell."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found = (line.split() for line in lines)
    return next((words[words.index("-") + 1] for words in found if words[2] == wanted), None)


def _refuse_network(folder: Path) -> None:
    kind = file_system(folder)
    if kind in NETWORK:
        raise ConfigError(
            f"{folder} is on a network file system ({kind}), where locks between machines do not hold; set "
            "SYNTHREC_LEDGER to a folder on a local disk"
        )


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)


def _claim(path: Path) -> None:
    """Make the file where there is none, 0600; refuse a link and a file that others may read or write.

    A file that stands is looked at, not opened: closing any descriptor of it would drop the locks that this
    process holds on it (POSIX advisory locks).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(f"{path}: is not a regular file; put the ledger's own file here") from None
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"{path}: others may use the ledger; run `chmod 600 {path}`") from None

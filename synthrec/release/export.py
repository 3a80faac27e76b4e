"""An export appears whole or not at all: staged in a hidden folder beside its place, synced, then renamed.

The staging folder ``.NAME.partial-…`` is private (0700) and locked while its run lives, so that the next
export of the same name can tell the folders of dead runs and removes them. Inside, ``export`` becomes the
export, and ``replaced`` holds the old one for the moment between two renames; where a run died in it,
the next puts the old one back. ``card.json`` is written last of all: a folder with a card is complete.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synthrec.errors import InternalError, UserError
from synthrec.whole_files import SHARED, sync, sync_folder, write_new

CARD = "card.json"
"""The file whose presence says that an export is complete."""

_EXPORT = "export"
_REPLACED = "replaced"


@dataclass(frozen=True)
class Staging:
    """The hidden folder in which an export is made."""

    out: Path
    """Where the export will appear."""
    folder: Path
    """The locked private folder beside it."""
    force: bool
    """Whether an old export at `out` is to be replaced."""

    def path(self, file_name: str) -> Path:
        """Where to write a data file of the export.

        Raises:
            InternalError: the name is not that of a visible file in the folder itself.
        """
        if not file_name or Path(file_name).name != file_name or file_name.startswith("."):
            raise InternalError(f"not a plain file name for an export: {file_name!r}")
        return self._export / file_name

    def publish(self, cards: Mapping[str, bytes]) -> None:
        """Make the data files durable, write the cards, and put the export in its place.

        Args:
            cards: Contents by file name; ``card.json`` must be among them and is written after the others.

        Raises:
            UserError: something stands at the place of the export and may not be replaced.
            InternalError: there is no ``card.json``, or a card has the name of a data file.
            OSError: the disk is full or fails; nothing appears then.
        """
        if CARD not in cards:
            raise InternalError(f"an export needs a {CARD}")
        for path in sorted(self._export.rglob("*")):
            sync(path)
        sync_folder(self._export)
        for name in sorted(cards, key=lambda name: (name == CARD, name)):
            _write_card(self.path(name), cards[name])
        sync_folder(self._export)
        with _locked(self.out.parent):
            self._put_in_place()
            sync_folder(self.out.parent)

    @property
    def _export(self) -> Path:
        return self.folder / _EXPORT

    def _put_in_place(self) -> None:
        _refuse_place(self.out, force=self.force)
        if self.out.exists():
            self.out.rename(self.folder / _REPLACED)
        self._export.rename(self.out)


@contextmanager
def staging(out: Path, *, force: bool) -> Iterator[Staging]:
    """A private place to make an export in; unless it is published, nothing of it remains.

    Args:
        out: The folder that the export will be; its parent must exist.
        force: Whether a complete export that stands there is replaced.

    Raises:
        UserError: `out` is taken, a symbolic link, or in a folder that is absent or not writable.
    """
    out = out.absolute()
    _refuse_parent(out)
    with _locked(out.parent):
        for folder in _dead(out):
            _bury(folder, out)
        _refuse_place(out, force=force)
        folder, lock = _make(out)
    try:
        (folder / _EXPORT).mkdir()
        yield Staging(out, folder, force)
    finally:
        _bury(folder, out)
        os.close(lock)


def _refuse_parent(out: Path) -> None:
    if not out.name or out.name == "..":
        raise UserError(f"{out} does not name a new folder; give one, for example {out / 'export'}")
    if not out.parent.is_dir():
        raise UserError(f"there is no folder {out.parent}; make it, or choose another place")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise UserError(f"the folder {out.parent} is not writable; choose another place")


def _refuse_place(out: Path, *, force: bool) -> None:
    if out.is_symlink():
        raise UserError(f"{out} is a symbolic link; give the folder it stands for, or choose another name")
    if not out.exists():
        return
    if not force:
        raise UserError(f"{out} exists; choose another name, or replace the export with --force")
    if not out.is_dir() or not (out / CARD).is_file():
        raise UserError(f"{out} is not an export, so --force does not replace it; choose another name")


def _make(out: Path) -> tuple[Path, int]:
    """A new staging folder, and the open handle that locks it."""
    folder = out.with_name(f"{_prefix(out)}{secrets.token_hex(8)}")
    folder.mkdir(mode=0o700)
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except BaseException:
        folder.rmdir()
        raise
    return folder, lock


def _prefix(out: Path) -> str:
    return f".{out.name}.partial-"


def _dead(out: Path) -> list[Path]:
    """The staging folders beside `out` and for it whose runs are gone."""
    ours = re.compile(re.escape(_prefix(out)) + "[0-9a-f]{16}")
    found = [path for path in out.parent.iterdir() if ours.fullmatch(path.name)]
    return [path for path in found if not path.is_symlink() and path.is_dir() and not _lives(path)]


def _lives(folder: Path) -> bool:
    """Whether a running process holds the lock of a staging folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _bury(folder: Path, out: Path) -> None:
    """Remove a staging folder; an old export that it holds goes back if nothing took its place."""
    replaced = folder / _REPLACED
    if replaced.is_dir() and not out.exists():
        replaced.rename(out)
        sync_folder(out.parent)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder for a short while: one run at a time cleans up or renames in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_card(path: Path, content: bytes) -> None:
    try:
        write_new(path, content, mode=SHARED)
    except FileExistsError:
        raise InternalError(f"a data file bears the name of a card: {path.name}") from None

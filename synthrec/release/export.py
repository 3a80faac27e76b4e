"""An export appears whole or not at all: staged, put on disk, then renamed (see `synthrec.staged`).

``card.json`` is written last of all: a folder with a card is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from synthrec.errors import InternalError, UserError
from synthrec.staged import Staged, refuse_parent, staged
from synthrec.whole_files import SHARED, sync, sync_folder, write_new

CARD = "card.json"
"""The file whose presence says that an export is complete."""


@dataclass(frozen=True)
class Staging:
    """The hidden folder in which an export is made."""

    place: Staged

    def path(self, file_name: str) -> Path:
        """Where to write a data file of the export.

        Raises:
            InternalError: the name is not that of a visible file in the folder itself.
        """
        if not file_name or Path(file_name).name != file_name or file_name.startswith("."):
            raise InternalError(f"not a plain file name for an export: {file_name!r}")
        return self.place.new / file_name

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
        for path in sorted(self.place.new.rglob("*")):
            sync(path)
        sync_folder(self.place.new)
        for name in sorted(cards, key=lambda name: (name == CARD, name)):
            _write_card(self.path(name), cards[name])
        sync_folder(self.place.new)
        self.place.put_in_place()


@contextmanager
def staging(out: Path, *, force: bool) -> Iterator[Staging]:
    """A private place to make an export in; unless it is published, nothing of it remains.

    Args:
        out: The folder that the export will be; its parent must exist.
        force: Whether a complete export that stands there is replaced.

    Raises:
        UserError: `out` is taken, a symbolic link, or in a folder that is absent or not writable.
    """
    with staged(out, partial(_refuse_place, force=force)) as place:
        place.new.mkdir()
        yield Staging(place)


def refuse_taken(out: Path, *, force: bool) -> None:
    """Before any work is done: can an export appear at `out`?

    Raises:
        UserError: as `staging` does.
    """
    refuse_parent(out)
    _refuse_place(out, force=force)


def _refuse_place(out: Path, *, force: bool) -> None:
    if out.is_symlink():
        raise UserError(f"{out} is a symbolic link; give the folder it stands for, or choose another name")
    if not out.exists():
        return
    if not force:
        raise UserError(f"{out} exists; choose another name, or replace the export with --force")
    if not out.is_dir() or not (out / CARD).is_file():
        raise UserError(f"{out} is not an export, so --force does not replace it; choose another name")


def _write_card(path: Path, content: bytes) -> None:
    try:
        write_new(path, content, mode=SHARED)
    except FileExistsError:
        raise InternalError(f"a data file bears the name of a card: {path.name}") from None

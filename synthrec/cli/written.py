"""Texts that commands write with ``--out``."""

from __future__ import annotations

from pathlib import Path

from synthrec.errors import ConfigError
from synthrec.whole_files import SHARED, write_whole


def refuse_out(out: Path | None, source: str | Path | None = None, *, force: bool) -> None:
    """Before any work is done: may a text go to `out`?

    Args:
        out: The file to be written; None for stdout.
        source: What is read to make the text, which the text must not replace.
        force: Whether a file that stands there is replaced.

    Raises:
        ConfigError: there is no folder for it, or something stands there that may not be replaced.
    """
    if out is None:
        return
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {out.parent}; make it, or choose another place")
    if out.is_symlink():
        raise ConfigError(f"{out} is a symbolic link; give the file it stands for, or another name")
    if out.exists() and not (force and out.is_file()):
        raise ConfigError(f"{out} already exists; name another file or add --force")
    if source is not None and out.exists() and Path(source).exists() and out.samefile(source):
        raise ConfigError(f"{out} is what is read; name another file")


def write_text(out: Path, text: str, *, force: bool) -> None:
    """The whole text at `out`, or nothing new there.

    Raises:
        ConfigError: there is no folder for it, or something stands there that may not be replaced.
        OSError: the disk is full or fails.
    """
    refuse_out(out, force=force)
    write_whole(out, text.encode(), mode=SHARED)

"""Texts that commands write with ``--out``."""

from __future__ import annotations

from pathlib import Path

from synthrec.errors import ConfigError
from synthrec.whole_files import SHARED, write_whole


def write_text(out: Path, text: str, *, force: bool) -> None:
    """The whole text at `out`, or nothing new there.

    Raises:
        ConfigError: there is no folder for it, or something stands there that may not be replaced.
        OSError: the disk is full or fails.
    """
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {out.parent}; make it, or choose another place")
    if out.is_symlink():
        raise ConfigError(f"{out} is a symbolic link; give the file it stands for, or another name")
    if out.exists() and not (force and out.is_file()):
        raise ConfigError(f"{out} already exists; name another file or add --force")
    write_whole(out, text.encode(), mode=SHARED)

"""The folder in which an installation keeps what is its own: secrets, ledger, trusted keys, terminologies."""

from __future__ import annotations

import os
from pathlib import Path


def synthrec_home() -> Path:
    """``SYNTHREC_HOME``, else ``~/.synthrec``."""
    stated = os.environ.get("SYNTHREC_HOME")
    return Path(stated) if stated else Path.home() / ".synthrec"


def make_private(folder: Path) -> None:
    """Make a folder of a home, and the home, closed to others; what is there already stays as it is."""
    for path in (folder.parent, folder):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

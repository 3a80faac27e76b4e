"""The folder of the demo: made anew each time, and never at the cost of something that is not a demo."""

from __future__ import annotations

import shutil
from pathlib import Path

from synthrec.errors import ConfigError

MARK = ".synthrec-demo"


def prepared(out: Path) -> Path:
    """An empty demo folder; what an earlier demo left there is removed.

    Raises:
        ConfigError: something else stands there.
    """
    if out.is_symlink() or (out.exists() and not (out / MARK).is_file()):
        raise ConfigError(f"{out} exists and is not the folder of a demo; name another with --out")
    if out.exists():
        shutil.rmtree(out)
    out.mkdir()
    (out / MARK).touch()
    return out

"""JSON files that come back from outside: bounded, one meaning per key, no NaN."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

MAX_BYTES = 16_000_000
"""A card with thousands of columns is far smaller."""


def read_json(path: Path) -> Any:
    """The document in a UTF-8 JSON file.

    Raises:
        OSError: the file cannot be read; FileNotFoundError where there is none.
        ValueError: not a plain file, not strict JSON, a key that occurs twice, NaN or infinity, too large, or
            nested too deep.
    """
    with os.fdopen(_opened(path), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("not a plain file")
        content = file.read(MAX_BYTES + 1)
    return parse_json(content)


def _opened(path: Path) -> int:
    """A handle, at once: a pipe that nobody writes to is not waited for."""
    if path.is_dir():
        raise ValueError("a folder and no file")
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError("a link that leads to itself") from None
        raise


def parse_json(content: bytes) -> Any:
    """The document in UTF-8 JSON.

    Raises:
        ValueError: not strict JSON, a key that occurs twice, NaN or infinity, too large, or nested too deep.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES:,} bytes")
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return document


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and infinity are not JSON")

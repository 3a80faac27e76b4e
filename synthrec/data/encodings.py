"""Text files as UTF-8 bytes, whatever their encoding and compression."""

from __future__ import annotations

import codecs
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from synthrec.errors import ConfigError, Fault, InputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FALLBACK = "windows-1252"
_STEP = 1 << 24
"""Bytes that are decoded at once."""


@dataclass(frozen=True)
class Text:
    """UTF-8 bytes without byte order mark, and how the file's encoding is known."""

    data: bytes
    note: str


def read_text(path: Path, encoding: str | None) -> Text:
    """A text file, gzip or plain, as UTF-8.

    Without a stated encoding: what the byte order mark says, else UTF-8, else Windows-1252.

    Raises:
        InputError: the file is empty, is broken gzip, or has bytes that are no text in its encoding.
        ConfigError: there is no such encoding.
        OSError: the file cannot be read.
    """
    data = _content(path)
    if not data.strip():
        raise InputError([Fault(str(path), 0, 0, "", "the file is empty", "give a file with a header line")])
    if encoding is not None:
        return Text(_decode_or_refuse(path, data, _known(encoding)), f"encoding {encoding} (stated)")
    detected = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if detected is not None:
        note = f"encoding {detected.removesuffix('-sig')} (byte order mark)"
        return Text(_decode_or_refuse(path, data, detected), note)
    if _first_bad_byte(data, "utf-8") is None:
        return Text(data, "encoding utf-8 (detected)")
    if b"\0" in data:
        _decode_or_refuse(path, data, "utf-8")
    return Text(_decode_or_refuse(path, data, _FALLBACK), f"encoding {_FALLBACK} (detected: not UTF-8)")


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        damaged = Fault(str(path), 0, 0, "", "the gzip file is damaged", "compress or copy the file again")
    raise InputError([damaged])


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except LookupError:
        name = ""
    if not name:
        raise ConfigError(f"{encoding}: no such text encoding; utf-8, windows-1252 and iso-8859-1 are usual")
    return "utf-8-sig" if name == "utf-8" else name


def _decode_or_refuse(path: Path, data: bytes, encoding: str) -> bytes:
    bad = _first_bad_byte(data, encoding)
    if bad is None:
        return (
            data.decode(encoding).encode() if encoding != "utf-8-sig" else data.removeprefix(codecs.BOM_UTF8)
        )
    line = data.count(b"\n", 0, bad) + 1
    repair = "state the encoding that the file was written in, e.g. windows-1252, or save it as UTF-8"
    raise InputError([Fault(str(path), line, 0, "", f"bytes that are no text in {encoding}", repair)])


def _first_bad_byte(data: bytes, encoding: str) -> int | None:
    """Position of the first byte that cannot be decoded; the error itself holds content and stays here."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), _STEP):
        stop = start + _STEP
        try:
            decoder.decode(data[start:stop], final=stop >= len(data))
        except UnicodeError as error:
            return start + getattr(error, "start", 0)
    return None

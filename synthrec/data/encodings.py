"""Text files as UTF-8 bytes, whatever their encoding and compression."""

from __future__ import annotations

import codecs
import gzip
import io
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
_GZIP = b"\x1f\x8b"
_STEEPEST = 200
"""Times its own size that a gzip file may hold; tables of text hold five to fifty, a bomb a thousand."""
_ROOM = 1 << 26
"""Bytes that any gzip file may hold."""


@dataclass(frozen=True)
class Text:
    """UTF-8 bytes without byte order mark, and how the file's encoding is known."""

    data: bytes
    note: str


def read_text(path: Path, encoding: str | None) -> Text:
    """A text file, gzip or plain, as UTF-8.

    Without a stated encoding: what the byte order mark says, else UTF-8, else Windows-1252.

    Raises:
        InputError: the file is empty, is broken gzip or a bomb, or has bytes that are no text.
        ConfigError: there is no such encoding.
        OSError: the file cannot be read.
    """
    data = _content(path)
    if not data.strip():
        raise InputError([Fault(str(path), 0, 0, "", "the file is empty", "give a file with a header line")])
    if encoding is not None:
        return _text(path, _decode_or_refuse(path, data, _known(encoding)), f"encoding {encoding} (stated)")
    detected = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if detected is not None:
        note = f"encoding {detected.removesuffix('-sig')} (byte order mark)"
        return _text(path, _decode_or_refuse(path, data, detected), note)
    if _first_bad_byte(data, "utf-8") is None:
        return _text(path, data, "encoding utf-8 (detected)")
    if b"\0" in data:
        _decode_or_refuse(path, data, "utf-8")
    return Text(_decode_or_refuse(path, data, _FALLBACK), f"encoding {_FALLBACK} (detected: not UTF-8)")


def _text(path: Path, data: bytes, note: str) -> Text:
    """Text without zeros: those are signs of another encoding, or of a file that is none of text."""
    if b"\0" in data:
        raise InputError([_not_text(path, data, data.index(b"\0"), "a zero byte")])
    return Text(data, note)


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return _unpacked(path, data) if data.startswith(_GZIP) else data


def _unpacked(path: Path, data: bytes) -> bytes:
    """What a gzip file holds, if that is no more than tables do."""
    most = max(_ROOM, _STEEPEST * len(data))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(most + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        content = None
    if content is None:
        damaged = Fault(str(path), 0, 0, "", "the gzip file is damaged", "compress or copy the file again")
        raise InputError([damaged])
    if len(content) > most:
        found = f"the gzip file holds more than {_STEEPEST} times its size"
        raise InputError([Fault(str(path), 0, 0, "", found, "unpack it yourself if you know what is in it")])
    return content


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
    raise InputError([_not_text(path, data, bad, f"bytes that are no text in {encoding}")])


def _not_text(path: Path, data: bytes, bad: int, found: str) -> Fault:
    line = data.count(b"\n", 0, bad) + 1
    repair = "state the encoding that the file was written in, e.g. windows-1252, or save it as UTF-8"
    return Fault(str(path), line, 0, "", found, repair)


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

"""Canonical bytes and SHA-256 digests; the one place that says how things are fingerprinted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


def canonical(document: Any) -> bytes:
    """RFC 8785 canonical JSON bytes of a JSON document.

    Raises:
        ValueError: an integer beyond 2**53 - 1, NaN or infinity (RFC 8785 has no form for them).
    """
    import rfc8785  # noqa: PLC0415

    return bytes(rfc8785.dumps(document))


def digest(document: Any) -> str:
    """``sha256:<hex>`` of the canonical JSON bytes of a document."""
    return digest_bytes(canonical(document))


def digest_bytes(data: bytes) -> str:
    """``sha256:<hex>`` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """``sha256:<hex>`` of a file, read in blocks."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()

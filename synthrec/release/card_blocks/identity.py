"""Which card this is, what made it, and for which files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthrec.release.card_blocks.base import Count, Digest, Part

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ALGORITHMIC = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"


class Tool(Part):
    """What made the export."""

    name: Literal["synthrec"] = "synthrec"
    version: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")] | None
    """Commit that was installed, as the installer recorded it (PEP 610); None where it recorded none."""
    code: Digest
    """Of the package's own source files: of the JSON object from their paths to their SHA-256."""


class Subject(Part):
    """One data file of the export."""

    name: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Count
    rows: Count
    """Exact: the rows are synthetic."""

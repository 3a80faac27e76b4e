"""The mark in the footer of a Parquet file: what is in here was made, how, and under which card.

The card holds the digests of the files, so that they cannot hold the card's; both bear the name of the draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synthrec.data.frames import is_parquet

ORIGIN = b"synthrec.origin"
SYNTHETIC = b"synthetic"
"""What every mark says, whatever else it says."""


@dataclass(frozen=True)
class Mark:
    """What a file says of its records, for whoever finds it without its card."""

    draw: str = ""
    """Name of the draw, which its card bears, too; empty where there is no card."""
    source_type: str = ""
    """IPTC digital source type."""
    generation: int | None = None
    """Of the records: 0 by rules, 1 by a model of real records, one more for every model since."""

    def metadata(self) -> dict[bytes, bytes]:
        """Keys and values for the footer."""
        told = {
            "draw": self.draw,
            "digital_source_type": self.source_type,
            "generation": "" if self.generation is None else str(self.generation),
        }
        stated = {f"synthrec.{key}".encode(): text.encode() for key, text in told.items() if text}
        return {ORIGIN: SYNTHETIC} | stated


UNNAMED = Mark()
"""Of files that stand beside no card."""


def is_marked(source: Any) -> bool:
    """Whether a Parquet file, or an Arrow table that was read from one, says that it is synthetic."""
    return _metadata(source).get(ORIGIN) == SYNTHETIC


def draw_of(source: Any) -> str:
    """The draw that a file says it is from; empty where it says none."""
    return _metadata(source).get(b"synthrec.draw", b"").decode(errors="replace")


def _metadata(source: Any) -> Mapping[bytes, bytes]:
    if isinstance(source, pa.Table):
        return source.schema.metadata or {}
    if isinstance(source, Path) and is_parquet(source):
        try:
            return pq.read_metadata(source).metadata or {}
        except (OSError, pa.ArrowException):
            return {}
    return {}

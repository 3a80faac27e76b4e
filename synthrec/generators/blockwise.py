"""What every generator that draws by block shares: rows in pieces, and the least that can be learned from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthrec.codec.base import CodeArray, CodeDomain, Codes
from synthrec.errors import Fault, InputError
from synthrec.rng import Streams, blocks

MIN_ROWS = 11
"""Fewer rows than this cannot be learned from."""

DrawBlock = Callable[[Streams, int], CodeArray]
"""All rows of one block, shape (d, BLOCK)."""


class LastBlock:
    """The block drawn last, so that rows asked for piece by piece are drawn once."""

    def __init__(self) -> None:
        self._held: tuple[tuple[int, int], CodeArray] | None = None

    def rows(self, domain: CodeDomain, draw: DrawBlock, start: int, stop: int, streams: Streams) -> Codes:
        """Rows [start, stop) of the endless sample that `streams` names; prefix-stable."""
        codes = np.empty((len(domain), max(stop - start, 0)), dtype=np.int32)
        filled = 0
        for block, first, end in blocks(start, stop):
            rows = end - first
            codes[:, filled : filled + rows] = self._get(draw, streams, block)[:, first:end]
            filled += rows
        return Codes(codes.T, domain)

    def _get(self, draw: DrawBlock, streams: Streams, block: int) -> CodeArray:
        key = (streams.seed, block)
        held = self._held
        if held is None or held[0] != key:
            held = (key, draw(streams, block))
            self._held = held
        return held[1]


def check_size(codes: Codes, most_columns: int) -> None:
    """Refuse what cannot be learned from.

    Raises:
        InputError: fewer than MIN_ROWS rows, no column, or more than `most_columns`.
    """
    faults = []
    if len(codes) < MIN_ROWS:
        repair = f"give at least {MIN_ROWS} rows; fewer persons than that cannot be learned from"
        faults.append(Fault("<training rows>", 0, 0, "rows", f"{len(codes)} rows", repair))
    if not 1 <= len(codes.domain) <= most_columns:
        repair = f"model 1 to {most_columns} columns"
        faults.append(Fault("<training rows>", 0, 0, "columns", f"{len(codes.domain)} columns", repair))
    if faults:
        raise InputError(faults)

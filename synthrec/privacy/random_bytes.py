"""Where random bytes come from: the operating system, and nothing else in a release."""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class RandomBytes(Protocol):
    """A source of independent uniform bytes; tests pass their own, explicitly."""

    def read(self, count: int) -> bytes:
        """`count` uniform bytes."""


class OsBytes:
    """The operating system's generator; it keeps no state here, so that forks never share a stream."""

    def read(self, count: int) -> bytes:
        """`count` bytes of `os.urandom`."""
        return os.urandom(count)


OS_BYTES = OsBytes()


def words16(source: RandomBytes, count: int) -> NDArray[np.uint16]:
    """`count` uniform 16-bit words."""
    return np.frombuffer(source.read(2 * count), dtype=np.uint16)


def words64(source: RandomBytes, count: int) -> NDArray[np.uint64]:
    """`count` uniform 64-bit words."""
    return np.frombuffer(source.read(8 * count), dtype=np.uint64)

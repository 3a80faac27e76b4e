"""How far a long call is: what the functions of `api` report while they work."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of the steps of one call, in order. Texts name steps and counts, never values."""

    def step(self, text: str) -> None:
        """A new step begins, for example ``"fit copula"``."""

    def advance(self, done: int, total: int) -> None:
        """Of the present step, `done` of `total` units (rows, columns, checks) are behind us."""


class Silent:
    """Hears nothing."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def advance(self, done: int, total: int) -> None:
        """Say nothing."""


SILENT: Progress = Silent()

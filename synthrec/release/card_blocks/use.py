"""What the records are for, until when, and who asserts what of them."""

from __future__ import annotations

from synthrec.release.card_blocks.base import Day, Part


class UsePart(Part):
    """What the records are for, and where they end."""

    intended: str | None
    out_of_scope: str | None
    limits: tuple[str, ...] = ()
    biases: tuple[str, ...] = ()
    """Known ways in which they differ from what they stand for."""
    licence: str | None
    """Under which the records are given, as an SPDX expression."""
    expires: Day | None
    """The last day of use: that of the schema or of the source's agreement, whichever is earlier."""
    contact: str | None


class AssertionPart(Part):
    """What somebody asserts of the records under a law or a rule; the tool repeats it and asserts nothing."""

    regime: str
    basis: str
    assertion_by: str

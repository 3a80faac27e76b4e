"""Who hears an exact answer beside its noised one: nobody, except the self-audit on made-up persons."""

from __future__ import annotations

from typing import Protocol

from synthrec.privacy.counts import FloatArray


class Transcript(Protocol):
    """What is said between a fit and its curator."""

    def answered(self, event: str, exact: FloatArray, noised: FloatArray) -> FloatArray:
        """The answer that the fit gets to hear, of the same shape as both."""


class Unheard:
    """The transcript of a real run: the noised answer is given, and nothing is kept."""

    def answered(self, event: str, exact: FloatArray, noised: FloatArray) -> FloatArray:  # noqa: ARG002
        """The noised answer."""
        return noised


UNHEARD = Unheard()

"""How the records were made: generator, seed, condition, lineage, environment."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from synthrec.digests import canonical
from synthrec.release.card_blocks.base import Count, Digest, Part


def _canonical(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters, if RFC 8785 has a form for all of them that is read as it was written.

    A float without a fraction is written as an integer; beyond 2**53 - 1 it would not be read again.
    """
    canonical(json.loads(canonical(parameters)))
    return parameters


class GeneratorPart(Part):
    """How the records were made."""

    name: str
    parameters: Annotated[dict[str, Any], AfterValidator(_canonical)]
    """JSON values; integers beyond 2**53 - 1 stand as decimal digits in a text."""
    model_digest: Digest | None
    """None for rules: their schema is the model."""


class Seed(Part):
    """The sampling seed: plain for rules; for a learned model without a claim only a commitment to it."""

    kind: Literal["plain", "commitment"]
    value: str
    """Decimal digits, or the SHA-256 of a salt and the seed."""


class Conditional(Part):
    """A sample of some kind of record only, or with a stated number of that kind."""

    where: str
    requested: Count
    reached: Count
    satisfying: Count | None = None
    """How many of them satisfy it, where that was asked for; None where all do."""


class Lineage(Part):
    """How far the records are from real ones."""

    generation_depth: Annotated[int, Field(ge=0, le=100)]
    """How many models stand behind them, each learned from the one before; 0 where rules made all."""
    parents: tuple[Digest, ...] = ()
    """SHA-256 of the cards of the synthetic records that the model learned from."""
    real_fraction: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    """Most that the share of real records is among those that the model itself learned from; 0 for rules."""


class PackagePart(Part):
    """A package that the tool runs on, as its own metadata tells of it."""

    version: str
    licence: str | None
    """SPDX expression or name; None where the metadata names none."""


class Environment(Part):
    """What a rerun of the draw needs: the records are the same with the same versions."""

    python: str
    platform: str
    """System and machine, e.g. ``Linux x86_64``."""
    device: Literal["cpu"]
    """Records are drawn on the processor, also from models that were trained elsewhere."""
    threads: Annotated[int, Field(ge=1, lt=2**53)]
    """Processors that the run could use."""
    packages: dict[str, PackagePart]

"""Which columns an attacker is taken to know, and which to be after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.schema.model import TableSpec
from synthrec.validation.cells import AUDIT_SEED

SETS = 5
"""Column sets that are tried where no quasi-identifier is declared."""
SIZES = (3, 4, 5)
TARGETS = 5
"""Most targets of one column set; random ones where the schema names no sensitive column."""


@dataclass(frozen=True)
class Knowledge:
    """Positions of modelled columns: those that the attacker knows, and those that the attack tells."""

    known: tuple[int, ...]
    targets: tuple[int, ...]


def knowledge(spec: TableSpec) -> tuple[Knowledge, ...]:
    """All quasi-identifiers and all but one of them; or, where none is declared, five random sets."""
    names = spec.modelled
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    declared = tuple(place for place, name in enumerate(names) if _role(spec, name) == "quasi_identifier")
    sets = _leaving_one_out(declared) if declared else _random_sets(len(names), rng)
    return tuple(Knowledge(known, _targets(spec, known, rng)) for known in sets)


def _leaving_one_out(declared: tuple[int, ...]) -> list[tuple[int, ...]]:
    sets = [declared]
    if len(declared) > 2:
        sets += [declared[:place] + declared[place + 1 :] for place in range(len(declared))]
    return sets


def _random_sets(count: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Sets of 3 to 5 columns, fewer in narrow tables, so that one is left to be told."""
    sizes = [min(SIZES[number % len(SIZES)], max(1, count - 1)) for number in range(SETS)] if count else []
    drawn = [tuple(sorted(rng.choice(count, size, replace=False).tolist())) for size in sizes]
    return list(dict.fromkeys(drawn))


def _targets(spec: TableSpec, known: tuple[int, ...], rng: np.random.Generator) -> tuple[int, ...]:
    """Sensitive columns and the target of the table that are not known; where there are none, any others."""
    others = [place for place in range(len(spec.modelled)) if place not in known]
    named = [place for place in others if _is_secret(spec, spec.modelled[place])]
    chosen = named or others
    if len(chosen) > TARGETS:
        chosen = sorted(rng.choice(chosen, TARGETS, replace=False).tolist())
    return tuple(chosen)


def _is_secret(spec: TableSpec, name: str) -> bool:
    return _role(spec, name) == "sensitive" or name == spec.target


def _role(spec: TableSpec, name: str) -> str:
    return spec.columns[name].role

"""Linkability: are two halves of a training person's record brought together by the synthetic rows?

An attacker holds two data sets without a common key, each with some of the columns. Both halves of a person
are held against the synthetic rows; if the nearest row is the same for both, the halves are linked (Giomi
and others 2023, Anonymeter, arXiv:2211.10459, section 4.2, with one neighbour). Success on persons of the
holdout is what the population gives away.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthrec.data.table import Records
from synthrec.schema.model import TableSpec
from synthrec.validation.attacks.excess import METHOD, Try, evidence, largest_excess, listing
from synthrec.validation.attacks.space import Space, nearest
from synthrec.validation.attacks.victims import Victims
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, NothingAtRisk
from synthrec.validation.sample import RowSample

SPLITS = 3
"""Random splits of the columns in halves, always the same for a number of columns."""

SYNTHETIC = 10_000
"""Synthetic rows that halves are held against, at most."""

_METHOD = (
    METHOD
    + f"; of {SPLITS} random halvings of the columns and that of quasi-identifiers against the rest, where "
    f"declared; at most {SYNTHETIC:,} synthetic rows"
)

Split = tuple[str, frozenset[str], frozenset[str]]
"""What it is, and its two sets of columns."""


class Linkability:
    """Halves of a record whose nearest synthetic rows are one."""

    check = "P6"
    title = "Do the synthetic rows bring two halves of a training person's record together?"

    def __init__(self, real: RealData) -> None:
        self._spec, self._victims = real.train.spec, Victims.of(real)
        self._sample = RowSample(real.name, SYNTHETIC)

    def add(self, records: Records) -> None:
        """Sample the rows of a chunk."""
        self._sample.add(records)

    def result(self) -> CheckResult:
        """Excess of persons linked in train over those in the holdout, over all splits."""
        chosen = tuple(splits(self._spec))
        reason = self._victims.inapplicable(self._sample.seen) if chosen else NothingAtRisk.ALONE
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        tries = self._tries(chosen)
        text = f"Halves of a record are linked in {len(tries)} ways; chance is the success on the holdout."
        return CheckResult(
            self.check,
            self.title,
            (largest_excess(tries, _METHOD),),
            bound="excess",
            p_value=evidence(tries),
            exhibits=(listing("Linkability", text, tries),),
        )

    def _tries(self, chosen: tuple[Split, ...]) -> list[Try]:
        space = Space.of(self._spec, self._victims.rows)
        mine, theirs = space.points(self._victims.rows), space.points(self._sample.table)
        everybody = np.ones(len(mine), dtype=bool)
        tries = []
        for name, *halves in chosen:
            places = (space.places(half) for half in halves)
            one, other = (nearest(mine.only(part), theirs.only(part))[1] for part in places)
            tries.append(Try(name, self._victims.hits(one == other, everybody)))
        return tries


def splits(spec: TableSpec) -> Iterator[Split]:
    """Quasi-identifiers against the rest, where some are declared, and random halves; none of one column."""
    columns = spec.modelled
    quasi = frozenset(name for name in columns if spec.columns[name].role == "quasi_identifier")
    if 0 < len(quasi) < len(columns):
        yield "quasi-identifiers and the rest", quasi, frozenset(columns) - quasi
    if len(columns) < 2:
        return
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    drawn = (rng.permutation(columns)[: len(columns) // 2].tolist() for _ in range(SPLITS))
    for number, half in enumerate(dict.fromkeys(map(frozenset, drawn))):
        yield f"halving {number + 1}", half, frozenset(columns) - half

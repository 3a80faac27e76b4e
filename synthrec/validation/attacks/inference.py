"""Attribute inference: is a secret of a training person told better than one of a person never seen?

The attacker knows all columns but one of a person, takes the nearest synthetic row in these, and guesses that
the person has its value in the last (Giomi and others 2023, Anonymeter, arXiv:2211.10459, section 4.3). That
a guess succeeds on the holdout as well is what the population tells of everybody, not what a record gives
away of one.
"""

from __future__ import annotations

import numpy as np

from synthrec.data.table import Records
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray
from synthrec.validation.attacks.excess import METHOD, Try, evidence, largest_excess, listing
from synthrec.validation.attacks.space import Points, Space, nearest
from synthrec.validation.attacks.victims import Victims
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, NothingAtRisk
from synthrec.validation.sample import RowSample

SECRETS = 10
"""Columns that are guessed at most, always the same of a table."""

SYNTHETIC = 10_000
"""Synthetic rows that guesses are taken from, at most."""

NEAR = 0.05
"""A number is guessed if it is at most this share of the real values off, counted in ranks."""

_METHOD = (
    METHOD
    + f"; of at most {SECRETS} columns, the sensitive ones if any are declared; numbers within {NEAR:.0%} "
    f"of the ranks; at most {SYNTHETIC:,} synthetic rows; persons without a value are left out"
)


class AttributeInference:
    """Guesses of one column by the nearest synthetic row in all others."""

    check = "P7"
    title = "Do the synthetic rows tell a secret of training persons better than of persons never seen?"

    def __init__(self, real: RealData) -> None:
        self._spec, self._victims = real.train.spec, Victims.of(real)
        self._sample = RowSample(real.name, SYNTHETIC)

    def add(self, records: Records) -> None:
        """Sample the rows of a chunk."""
        self._sample.add(records)

    def result(self) -> CheckResult:
        """Excess of secrets told of train persons over those of the holdout, over all columns guessed."""
        alone = len(self._spec.modelled) < 2
        reason = NothingAtRisk.ALONE if alone else self._victims.inapplicable(self._sample.seen)
        tries = [] if reason else self._tries()
        if not tries:
            missing = reason or "no column has a value on both sides that could be guessed"
            return CheckResult(self.check, self.title, (), not_applicable=missing)
        text = f"Each of {len(tries)} columns is guessed; what the holdout shows, the population tells."
        return CheckResult(
            self.check,
            self.title,
            (largest_excess(tries, _METHOD),),
            bound="excess",
            p_value=evidence(tries),
            exhibits=(listing("Attribute inference", text, tries),),
        )

    def _tries(self) -> list[Try]:
        space = Space.of(self._spec, self._victims.rows)
        mine, theirs = space.points(self._victims.rows), space.points(self._sample.table)
        tries = []
        for name in secrets(self._spec):
            others = space.places(set(self._spec.modelled) - {name})
            guess = nearest(mine.only(others), theirs.only(others))[1]
            secret = space.places({name})
            found = guessed(mine.only(secret), theirs.only(secret).take(guess))
            hits = self._victims.hits(found, ~self._victims.rows.vector(name).missing)
            if hits.train and hits.holdout:
                tries.append(Try(name, hits))
        return tries


def guessed(secrets_: Points, guesses: Points) -> BoolArray:
    """Which guesses of one column are right: equal labels, or numbers of near ranks; bool of shape (n,)."""
    if len(secrets_.labels):
        return np.asarray(secrets_.labels[0] == guesses.labels[0])
    mine, theirs = secrets_.ranks[0].astype(np.int64), guesses.ranks[0].astype(np.int64)
    return np.asarray((np.abs(mine - theirs) <= NEAR * secrets_.step) & (theirs >= 0))


def secrets(spec: TableSpec) -> tuple[str, ...]:
    """The sensitive columns and the target; where there are none, all; at most `SECRETS`, by a fixed draw."""
    declared = [
        name for name in spec.modelled if spec.columns[name].role == "sensitive" or name == spec.target
    ]
    columns = np.array(declared or spec.modelled)
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    chosen = np.sort(rng.permutation(len(columns))[:SECRETS])
    return tuple(columns[chosen].tolist())

"""All questions about the quality of a release, on one sample of its rows."""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.schema.model import TableSpec
from synthrec.validation.quality import (
    associations,
    cloud,
    constraints,
    detection,
    marginals,
    missing,
    propensity,
    subgroups,
    tails,
    triples,
    utility,
)
from synthrec.validation.quality.ground import Ground, QualityCheck, Question
from synthrec.validation.quality.groups import grouping_columns
from synthrec.validation.real import RealData


def quality_checks(real: RealData) -> tuple[QualityCheck, ...]:
    """The checks, one per question that the schema of the real rows lets be asked."""
    ground = Ground(real)
    return tuple(QualityCheck(question, ground) for question in _questions(real.train.spec))


def _questions(spec: TableSpec) -> Iterator[Question]:
    yield from (marginals.QUESTION, associations.QUESTION, triples.QUESTION, missing.QUESTION)
    if spec.constraints:
        yield constraints.QUESTION
    yield from (detection.QUESTION, propensity.QUESTION, cloud.QUESTION, utility.QUESTION)
    if grouping_columns(spec):
        yield subgroups.QUESTION
    yield tails.QUESTION

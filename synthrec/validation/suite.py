"""The checks of a release: conformity always; quality and copy tests where real records are given."""

from __future__ import annotations

from synthrec.schema.model import Schema
from synthrec.validation.attacks.copies import RowCopies
from synthrec.validation.attacks.distance import DistanceShare
from synthrec.validation.attacks.extremes import Extremes
from synthrec.validation.attacks.identifiers import Identifiers
from synthrec.validation.attacks.inference import AttributeInference
from synthrec.validation.attacks.isolated import IsolatedMembership
from synthrec.validation.attacks.linkability import Linkability
from synthrec.validation.attacks.membership import Membership
from synthrec.validation.attacks.projections import ProjectionCopies
from synthrec.validation.attacks.rare import RareCategories
from synthrec.validation.attacks.replicated import Replicated
from synthrec.validation.attacks.singling_out import SinglingOut
from synthrec.validation.attacks.suspects import Suspects
from synthrec.validation.check import Check
from synthrec.validation.conformity import Conformity
from synthrec.validation.fidelity import fidelity_checks
from synthrec.validation.quality.questions import quality_checks
from synthrec.validation.real import RealData


def release_checks(
    schema: Schema, real: RealData | None, comparable: RealData | None = None
) -> tuple[Check, ...]:
    """The checks that decide about an export, in the order of the report.

    Args:
        schema: The schema of the records.
        real: The real records behind them; None for records made by rules alone. The copy tests look for all
            of them: a conditional draw may copy from persons who do not satisfy its condition.
        comparable: The real records that quality is measured against, where these are not all.

    Returns:
        Conformity of each table; then, of the table with real records, fidelity of columns and pairs, the
        further questions of quality, and the attacks in the order of their ids.
    """
    conformity: tuple[Check, ...] = tuple(Conformity(schema, table) for table in schema.tables)
    if real is None:
        return conformity
    alike = real if comparable is None else comparable
    return (*conformity, *fidelity_checks(alike), *quality_checks(alike), *attacks(real))


def attacks(real: RealData) -> tuple[Check, ...]:
    """The attacks on one table with real records, in the order of their ids."""
    suspects = Suspects(real)
    return (
        Identifiers(real),
        RowCopies(real),
        ProjectionCopies(real),
        Membership(suspects),
        IsolatedMembership(suspects),
        SinglingOut(real),
        Linkability(real),
        AttributeInference(real),
        Replicated(real),
        DistanceShare(real),
        RareCategories(real),
        Extremes(real),
    )

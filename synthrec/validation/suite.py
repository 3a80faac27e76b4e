"""The checks of a release: conformity always; fidelity and copy tests where real records are given."""

from __future__ import annotations

from synthrec.schema.model import Schema
from synthrec.validation.check import Check
from synthrec.validation.real import RealData


def release_checks(schema: Schema, real: RealData | None, rows: int) -> tuple[Check, ...]:
    """The checks that decide about an export of `rows` rows, in the order of the report."""
    raise NotImplementedError

"""Ended terms: nothing is read under an agreement that is over, nothing made that nobody can use."""

from __future__ import annotations

import datetime as dt

from synthrec.errors import ConfigError
from synthrec.schema.model import Schema


def refuse_ended_agreement(schema: Schema) -> None:
    """Refuse to read real records when the agreement on them is over (UTC).

    Raises:
        ConfigError: its last day has passed.
    """
    agreement = schema.info.source.agreement
    if agreement is not None and agreement.expires is not None and agreement.expires < _today():
        raise ConfigError(
            f"the agreement {agreement.reference} on the real records ended on {agreement.expires}; they are "
            "not read; renew it, and state its new end under schema.source.agreement"
        )


def refuse_ended_use(last: str | None) -> None:
    """Refuse records whose last day of use, if any, has passed (UTC).

    Raises:
        ConfigError: nobody might use the records.
    """
    if last is not None and dt.date.fromisoformat(last) < _today():
        raise ConfigError(
            f"the last day of use of such records was {last}, by schema.use.expires or the agreement on the "
            "real records; state a later day, or make no more of them"
        )


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()

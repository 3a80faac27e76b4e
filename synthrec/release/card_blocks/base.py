"""What all blocks of a card are made of."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Figure = Annotated[float, Field(allow_inf_nan=False)]
VerdictWord = Literal["pass", "fail", "inconclusive"]


def _in_calendar(text: str) -> str:
    dt.date.fromisoformat(text)
    return text


Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_in_calendar)]
"""A day as ISO 8601 text."""


class Part(BaseModel):
    """A frozen part of a card that refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="constants"
    )

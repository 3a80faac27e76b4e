"""A plan as a JSON document, and back: what an accountant reads from a ledger years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from synthrec.errors import VerificationError
from synthrec.privacy.events import (
    CountsEvent,
    DiscoveryEvent,
    Event,
    Plan,
    SampledGaussianEvent,
    VectorEvent,
)

_EVENTS: dict[str, type[Event]] = {
    kind.mechanism: kind for kind in (CountsEvent, SampledGaussianEvent, VectorEvent, DiscoveryEvent)
}


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values: every field of every event, in order."""
    document = asdict(plan)
    return document | {"events": list(document["events"])}


def parse_plan(document: Mapping[str, Any]) -> Plan:
    """The plan in a document of `plan_document`.

    Raises:
        VerificationError: it is no plan, or has a mechanism that this version does not know.
    """
    try:
        events = tuple(_event(event) for event in document["events"])
        return Plan(**{**document, "events": events})
    except (KeyError, TypeError):
        raise VerificationError(
            "a plan of events cannot be read; was it written by a newer synthrec?"
        ) from None


def _event(document: Mapping[str, Any]) -> Event:
    return _EVENTS[document["mechanism"]](**document)

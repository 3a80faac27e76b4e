"""What the scenarios of an export came to, in words: instances, ranges of parameters, pairs of factors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from synthrec.release.card import RangePart, ScenarioPart, ScenariosPart
from synthrec.release.card_words import Item


def scenario_items(part: ScenariosPart | None) -> Iterator[Item]:
    """Names and sentences, for the card and the report; none where no scenario was run."""
    if part is None:
        return
    yield from map(_realised, part.scenarios)
    even = {item.scenario: item.ratio for item in part.evenness}
    for name, ranges in groupby(part.ranges, lambda item: item.scenario):
        yield f"parameters of {name}", _ranges(tuple(ranges), even.get(name))
    for pairs in part.pairs:
        met = f"{pairs.covered:,} of {pairs.feasible:,} feasible pairs of {pairs.factors} factors"
        yield f"coverage of {pairs.table}", f"{met}; {pairs.by_instances:,} on rows of {pairs.scenario}"


def _realised(item: ScenarioPart) -> Item:
    name = f"{item.scenario} {item.version}, {item.tier}"
    if item.unit is None:
        return "scenario", f"{name}: changes params for all records; {item.digest}"
    asked = f"{item.realised:,} of {item.requested:,} instances realised"
    among = f"among {item.eligible:,} eligible of {item.units:,} rows of {item.unit}"
    rows = ", ".join(f"{number:,} {role}" for role, number in sorted(item.rows.items()))
    return "scenario", f"{name}: {asked}, {among}; rows: {rows or 'none'}; {item.digest}"


def _ranges(ranges: tuple[RangePart, ...], even: float | None) -> str:
    hit, parts = (sum(getattr(item, name) for item in ranges) for name in ("hit", "bins"))
    gaps = ", ".join(f"{item.parameter} {item.hit} of {item.bins}" for item in ranges if item.hit < item.bins)
    told = f"{hit:,} of {parts:,} parts of their ranges have an instance"
    told += f" ({gaps})" if gaps else ""
    return told if even is None else f"{told}; discrepancy {even:.2g} times that of independent draws"

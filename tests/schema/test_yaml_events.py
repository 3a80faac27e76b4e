"""Events of YAML texts: those of the library's own parser, places and refusals included."""

from __future__ import annotations

import numpy as np
import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from synthrec.assets import find_schema
from synthrec.schema.yaml_events import events

SIGNS = [
    *"\n\t:,{}[]-?#'\"|>&*!%@`~\r\u2028\u00e9\ufeff.a0 ",
    "\n  ",
    "\n- ",
    ": ",
    " #",
    "---\n",
    "...\n",
    "\r\n",
]


def seen(found):
    """All that events tell, up to an error."""
    told = []
    try:
        for event in found:
            marks = [
                (mark.line, mark.column, mark.index) for mark in (event.start_mark, event.end_mark) if mark
            ]
            parts = [getattr(event, name, None) for name in ("value", "style", "anchor", "tag", "implicit")]
            told.append((type(event), *map(str, parts), marks))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told.append((type(error), getattr(error, "problem", ""), mark and (mark.line, mark.column)))
    return told


def spoilt(text, rng):
    """Some lines of a text with up to five signs put in, or in the place of one."""
    start = rng.integers(len(text))
    part = text[start : start + 300]
    for _ in range(rng.integers(6)):
        at = rng.integers(len(part) + 1)
        part = part[:at] + SIGNS[rng.integers(len(SIGNS))] + part[at + rng.integers(2) :]
    return part


@pytest.mark.parametrize("name", ["card", "admissions_flat"])
def test_they_are_those_of_the_library_and_so_are_those_of_spoilt_texts(name):
    text, rng = find_schema(name).read_text("utf-8"), np.random.default_rng(1)
    for part in (text, *(spoilt(text, rng) for _ in range(200))):
        assert seen(events(part)) == seen(YAML(typ="safe", pure=True).parse(part)), part

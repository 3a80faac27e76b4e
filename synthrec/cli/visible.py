"""Texts for a terminal: what others wrote into names of columns and files cannot steer it."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, and signs that turn or break a line unseen."""


def visible(text: str) -> str:
    r"""The text with every character that would steer a terminal spelt out, as in ``\x1b``."""
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)

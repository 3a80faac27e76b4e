"""Pages that need nothing else: templates, one style sheet, no script, and a policy that allows none.

Every value is escaped by the environment of its template, not by the template: a name that holds markup,
a table border or an invisible direction mark is shown and does nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

WORDS = {"pass": "passed", "fail": "failed", "inconclusive": "inconclusive"}

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
"""Control characters, line separators, zero-width and direction marks."""

_MARKDOWN = re.compile(r"[\\`*_\[\]|~]|^[#+\-=]|(?<=^\d)[.)](?=\s|$)|(?<=^\d\d)[.)](?=\s|$)")
"""Punctuation that means something to Markdown, anywhere or at the start of a text."""


def html_page(template: str, styles: tuple[str, ...], **context: Any) -> str:
    """A template as one self-contained page.

    Args:
        template: Name of the file.
        styles: Names of the style sheets, joined into one.
        context: What the template shows.
    """
    style = "".join(map(_source, styles))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment("html").get_template(template)
    return page.render(context, style=Markup(style), style_digest=Markup(digest))  # noqa: S704


@cache
def environment(suffix: str) -> Environment:
    """Templates whose values are escaped for ``html`` or ``md``."""
    found = Environment(
        loader=PackageLoader("synthrec.release", "templates"),
        autoescape=suffix == "html",  # noqa: S701
        finalize=visible if suffix == "html" else _inert_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[[Any], str]] = {
        "figure": _figure,
        "thousands": "{:,}".format,
        "word": WORDS.__getitem__,
        "or_dash": lambda value: value or "—",
    }
    found.filters.update(filters)
    return found


def visible(value: Any) -> Any:
    """Text without characters that cannot be seen; markup of our own passes."""
    return _INVISIBLE.sub(" ", value) if type(value) is str else value


def _source(name: str) -> str:
    loader = PackageLoader("synthrec.release", "templates")
    return loader.get_source(Environment(autoescape=True), name)[0]


def _inert_markdown(value: Any) -> str:
    """Text that Markdown shows as it is."""
    text = visible(str(value)).strip()
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(lambda match: "\\" + match[0], text)


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"

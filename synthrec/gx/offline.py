"""Data Docs that load nothing: every page is written anew from its allowed elements.

Great Expectations' pages load scripts, fonts and a logo from seven servers, the logo with an id that tells a
server who reads; without them the status, an icon of a font, is not seen. Here only elements of an allowed
list pass, with a style and a policy of our own; the status is a word, and the index is a plain table.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_ALLOWED = (
    "a b br code div em h1 h2 h3 h4 h5 h6 hr li nav ol p pre small span strong table tbody td th thead tr ul"
)
_DROPPED = (
    "audio button form head iframe label noscript object script select style svg template textarea video"
)
ALLOWED = frozenset(_ALLOWED.split())
DROPPED = frozenset(_DROPPED.split())
"""Elements that go with all that they hold."""
VOID = frozenset({"br", "hr"})
KEPT = frozenset({"id", "colspan", "rowspan", "href"})
"""Attributes that pass; a link only within the page or to another one of the site."""
RANKS = {"h4": "h1", "h5": "h2", "h6": "h3"}
"""Headings by rank, which the pages choose by size."""
BUTTONS = {"card", "mb-3"}
"""Classes of the box of buttons, which are scripts."""

_STATUS = {
    "fa-check-circle": "passed",
    "fa-times": "failed",
    "fa-exclamation-triangle": "not evaluated",
}

STYLE = """\
body{font:16px/1.5 system-ui,sans-serif;
margin:0 auto;max-width:70rem;padding:1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1rem;display:block;overflow-x:auto}
h1{font-size:1.5rem}h2{font-size:1.2rem}h3{font-size:1rem}
td,th{border:1px solid #bbb;padding:.25rem .6rem;text-align:left;vertical-align:top}
a{color:#0b4f8a}
.passed{font-weight:600;color:#14602b}
.failed,.not-evaluated{font-weight:600;color:#a01818}
"""


def make_offline(project: Path) -> None:
    """Rewrite the Data Docs of a project, and their index, so that they read without a network.

    Args:
        project: The ``gx`` folder.
    """
    site = project / "uncommitted" / "data_docs" / "local_site"
    folder = f"{project.absolute().parent}/"
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8").replace(folder, "")
        page.write_text(plain_page(text, page.stem), encoding="utf-8")
    index = "".join(_index(project, site))
    (site / "index.html").write_text(_page("Data Docs", index), encoding="utf-8")
    shutil.rmtree(site / "static", ignore_errors=True)


def plain_page(text: str, title: str) -> str:
    """A page made of the allowed elements of another."""
    copy = _Copy()
    copy.feed(text)
    copy.close()
    return _page(title, copy.text())


class _Copy(HTMLParser):
    """Copies allowed elements and all text, and puts words in place of icons."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._dropped = ""
        self._depth = 0
        self._cells = 0

    def text(self) -> str:
        """The copy, without empty lines."""
        lines = (line.strip() for line in "".join(self._parts).splitlines())
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Copy an allowed element with its allowed attributes; drop a whole one that is not."""
        classes = set((dict(attrs).get("class") or "").split())
        if self._depth:
            self._depth += tag == self._dropped
        elif tag in DROPPED or classes >= BUTTONS:
            self._dropped, self._depth = tag, 1
        elif tag == "i":
            self._parts.append(self._status(classes))
        elif tag in ALLOWED:
            self._cells += tag == "td"
            self._parts.append(f"<{RANKS.get(tag, tag)}{''.join(_attributes(attrs))}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Copy an element that closes itself."""
        if tag in VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        if self._depth:
            self._depth -= tag == self._dropped
        elif tag in ALLOWED - VOID:
            self._cells -= tag == "td"
            self._parts.append(f"</{RANKS.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        """Copy text."""
        if not self._depth:
            self._parts.append(escape(data))

    def _status(self, classes: set[str]) -> str:
        """The word for an icon in a cell; beside the icon of the overview the word stands already."""
        words = (word for name, word in _STATUS.items() if name in classes)
        return "".join(map(_word, words)) if self._cells else ""


def _attributes(attrs: list[tuple[str, str | None]]) -> Iterator[str]:
    for name, value in attrs:
        if name == "hidden":
            yield " hidden"
        elif name in KEPT and value and (name != "href" or _is_inside(value)):
            yield f' {name}="{escape(value)}"'


def _is_inside(link: str) -> bool:
    """Whether a link leads to a place in the page or to a page of the site."""
    return ":" not in link and not link.startswith(("//", "/", "\\"))


def _word(status: str) -> str:
    return f'<span class="{status.replace(" ", "-")}">{status}</span>'


def _index(project: Path, site: Path) -> Iterator[str]:
    """A table of the runs and a list of the suites."""
    yield "<h1>Data Docs</h1>\n<h2>Validation results</h2>\n<table>\n<tr>"
    heads = ("status", "suite", "expectations met", "run", "time")
    yield "".join(f"<th>{head}</th>" for head in heads) + "</tr>\n"
    results = project / "uncommitted" / "validations"
    for path in sorted(results.rglob("*.json")):
        page = Path("validations") / path.relative_to(results).with_suffix(".html")
        yield _row(json.loads(path.read_text(encoding="utf-8")), page.as_posix())
    yield "</table>\n<h2>Suites</h2>\n<ul>\n"
    for path in sorted((site / "expectations").glob("*.html")):
        yield f'<li><a href="expectations/{escape(path.name)}">{escape(path.stem)}</a></li>\n'
    yield "</ul>\n"


def _row(result: dict[str, Any], page: str) -> str:
    run, statistics = result["meta"]["run_id"], result["statistics"]
    met = f"{statistics['successful_expectations']} of {statistics['evaluated_expectations']}"
    link = f'<a href="{escape(page)}">{escape(result["suite_name"])}</a>'
    status = _word("passed" if result["success"] else "failed")
    plain = (escape(str(text)) for text in (met, run["run_name"], run["run_time"]))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in (status, link, *plain)) + "</tr>\n"


def _page(title: str, body: str) -> str:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )

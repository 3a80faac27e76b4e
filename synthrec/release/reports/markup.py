"""Elements of HTML and SVG, every text and attribute escaped."""

from __future__ import annotations

from markupsafe import Markup, escape

from synthrec.release.pages import visible

SHORT = 26
"""Characters of a label in a drawing; the table beside it has the whole."""


def element(name: str, *children: str, **attributes: object) -> Markup:
    """``element("text", "a < b", x=1, text_anchor="end")``: underscores in attributes become hyphens."""
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(f' {key}="{escape(visible(_number(value)))}"' for key, value in given)
    inside = Markup("").join(map(visible, children))
    return Markup(f"<{name}{written}>{inside}</{name}>")  # noqa: S704 - both parts are escaped


def drawing(label: str, width: float, height: float, *children: str) -> Markup:
    """An SVG image that scales with the page; `label` is what a screen reader says."""
    box = f"0 0 {_number(width)} {_number(height)}"
    return element(
        "svg", *children, viewBox=box, role="img", aria_label=label, xmlns="http://www.w3.org/2000/svg"
    )


def text(content: str, x: float, y: float, **attributes: object) -> Markup:
    """A label of a drawing, cut to `SHORT` characters."""
    return element("text", shortened(content), x=x, y=y, **attributes)


def shortened(content: str) -> str:
    """At most `SHORT` characters, the last an ellipsis where some are left out."""
    return content if len(content) <= SHORT else content[: SHORT - 1] + "…"


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def figure_text(value: object) -> str:
    """A figure as tables show it: four significant digits; texts as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "—" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def table(header: tuple[str, ...], rows: list[tuple[object, ...]]) -> Markup:
    """A table whose figures are set to the right."""
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in header)))
    body = element("tbody", *(element("tr", *map(_cell, row)) for row in rows))
    return element("div", element("table", head, body), class_="wide")


def _cell(value: object) -> Markup:
    is_figure = isinstance(value, int | float) and not isinstance(value, bool)
    content = value if isinstance(value, Markup) else figure_text(value)
    return element("td", content, class_="number" if is_figure else "text")


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)

"""A schema as a drawing: tables as boxes, columns as nodes from left to right in the order of making.

The layout is layered (Sugiyama, Tagawa and Toda 1981): a column stands one layer right of the last column of
its table that it reads, and within a layer near those it reads (barycentre).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from html import escape

from synthrec.schema.dependencies import Node, dependencies
from synthrec.schema.model import Schema
from synthrec.schema.rule_tables import RuleTable, ancestors, rule_tables
from synthrec.schema.state_drawing import drawn, machines

WIDTH, HEIGHT = 150, 20
"""Of a node, in pixels."""
GAP_X, GAP_Y, MARGIN = 60, 8, 24
TALLEST = 14
"""Nodes in one layer; what is more stands beside them."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the drawing; the corner is its upper left one, in pixels."""

    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Layout:
    """Where everything stands."""

    tables: Mapping[str, Box]
    nodes: Mapping[Node, Box]
    width: int
    height: int


def render_graph(schema: Schema) -> str:
    """The drawing as one SVG document without scripts, fonts or links."""
    tables, reads = rule_tables(schema), dependencies(schema)
    layout = arranged(tables, reads)
    states = machines(tables, layout.height)
    width = max(layout.width, *(machine.side for machine in states), 0)
    height = layout.height + sum(machine.side for machine in states)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="11" role="img">'
    )
    title = f"<title>{escape(schema.info.name)}: tables, references and what each column is made from</title>"
    body = (
        *_frames(layout, schema),
        *_edges(layout, reads),
        *_references(layout, schema),
        *_labels(layout, tables),
        *(part for machine in states for part in drawn(machine)),
    )
    return "\n".join((head, title, _MARKER, *body, "</svg>")) + "\n"


def arranged(tables: Mapping[str, RuleTable], reads: Mapping[Node, Iterable[Node]]) -> Layout:
    """The layout: tables below their parents, each with its columns in layers."""
    boxes: dict[str, Box] = {}
    nodes: dict[Node, Box] = {}
    y = MARGIN
    for name in sorted(tables, key=lambda one: len(ancestors(tables, one))):
        x = MARGIN + 30 * len(ancestors(tables, name))
        placed = _placed(name, tables[name], reads, x + MARGIN, y + 2 * HEIGHT)
        right = max(box.x + box.width for box in placed.values())
        bottom = max(box.y + box.height for box in placed.values())
        boxes[name] = Box(x, y, right - x + MARGIN, bottom - y + MARGIN)
        nodes |= placed
        y = bottom + 3 * MARGIN
    width = max(box.x + box.width for box in boxes.values()) + MARGIN
    return Layout(boxes, nodes, width, y)


def _placed(
    name: str, table: RuleTable, reads: Mapping[Node, Iterable[Node]], left: int, top: int
) -> dict[Node, Box]:
    placed: dict[Node, Box] = {}
    x = left
    for layer in _layers(name, table, reads):
        layer.sort(key=lambda node: _barycentre(node, reads, placed))
        for start in range(0, len(layer), TALLEST):
            for i, node in enumerate(layer[start : start + TALLEST]):
                placed[node] = Box(x, top + i * (HEIGHT + GAP_Y))
            x += WIDTH + GAP_X
    return placed


def _layers(name: str, table: RuleTable, reads: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """The nodes of a table by the longest path that leads to them."""
    own = [(name, column) for column in table.columns]
    before = {node: {one for one in reads.get(node, ()) if one in own} for node in own}
    depth: dict[Node, int] = {}
    try:
        for node in TopologicalSorter(before).static_order():
            depth[node] = 1 + max((depth[one] for one in before[node]), default=-1)
    except CycleError:
        depth = dict.fromkeys(own, 0)
    return [[node for node in own if depth[node] == layer] for layer in range(max(depth.values()) + 1)]


def _barycentre(node: Node, reads: Mapping[Node, Iterable[Node]], placed: Mapping[Node, Box]) -> float:
    heights = [placed[one].y for one in reads.get(node, ()) if one in placed]
    return sum(heights) / len(heights) if heights else 0.0


# --- drawing ----------------------------------------------------------------------------------------------

_MARKER = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
    'markerWidth="6" markerHeight="6" orient="auto">'
    '<path d="M0,0 L8,4 L0,8 z" fill="#667"/></marker></defs>'
)


def _frames(layout: Layout, schema: Schema) -> Iterator[str]:
    yield f'<rect width="{layout.width}" height="{layout.height}" fill="#fff"/>'
    for name, box in layout.tables.items():
        yield _rectangle(box, "#f6f7fb", "#99a")
        rows = escape(f"{name}: {len(schema.tables[name].columns)} columns")
        yield f'<text x="{box.x + 12}" y="{box.y + 18}" font-weight="bold" font-size="13">{rows}</text>'


def _edges(layout: Layout, reads: Mapping[Node, Iterable[Node]]) -> Iterator[str]:
    for node, sources in sorted(reads.items()):
        for source in sorted(sources):
            if source in layout.nodes and source != node:
                draw = _across if source[0] == node[0] else _down
                yield draw(layout.nodes[source], layout.nodes[node])


def _references(layout: Layout, schema: Schema) -> Iterator[str]:
    """Foreign keys, from the child's box up to the parent's."""
    for name, table in schema.tables.items():
        for key in table.foreign_keys:
            child, parent = layout.tables[name], layout.tables[key.references]
            low, high = sorted((child, parent), key=lambda box: -box.y)
            x, y, end = child.x + 12, low.y, high.y + high.height
            yield f'<path d="M{x},{y} V{end}" stroke="#246" stroke-width="2" marker-end="url(#tip)"/>'
            held = escape(", ".join(key.columns))
            yield f'<text x="{x + 6}" y="{(y + end) // 2 + 4}" fill="#246">{held}</text>'


def _labels(layout: Layout, tables: Mapping[str, RuleTable]) -> Iterator[str]:
    for (table, column), box in layout.nodes.items():
        make = tables[table].makes.get(column)
        is_helper, is_learned = column in tables[table].generate.helpers, make and make.key == "fitted"
        fill = "#dff3e0" if is_learned else "#eee" if is_helper else "#dfe8fb"
        yield _rectangle(box, fill, "#99a")
        kind = tables[table].columns[column].kind
        said = f"{column}: {kind}" + (f", made by {make.key}" if make else "")
        shown = column if len(column) <= 22 else f"{column[:21]}…"
        yield f'<text x="{box.x + 6}" y="{box.y + 14}">{escape(shown)}<title>{escape(said)}</title></text>'


def _rectangle(box: Box, fill: str, stroke: str) -> str:
    size = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    return f'<rect {size} rx="4" fill="{fill}" stroke="{stroke}"/>'


def _across(source: Box, target: Box) -> str:
    """Within a table, from left to right."""
    x, y = source.x + source.width, source.y + source.height // 2
    end_x, end_y = target.x, target.y + target.height // 2
    bend = max(24, abs(end_x - x) // 2)
    return _curve(f"M{x},{y} C{x + bend},{y} {end_x - bend},{end_y} {end_x},{end_y}", "#889")


def _down(source: Box, target: Box) -> str:
    """From a column of a parent down to one of a child."""
    x, y = source.x + source.width // 2, source.y + source.height
    end_x, end_y = target.x + target.width // 2, target.y
    bend = max(24, abs(end_y - y) // 2)
    return _curve(f"M{x},{y} C{x},{y + bend} {end_x},{end_y - bend} {end_x},{end_y}", "#c84")


def _curve(path: str, colour: str) -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-opacity="0.6" marker-end="url(#tip)"/>'

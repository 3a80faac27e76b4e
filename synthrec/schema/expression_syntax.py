"""From the text of an expression to a Python syntax tree, within limits, with positions for faults.

The grammar is the part of Python's expressions that a table needs: names, constants, arithmetic,
comparisons, and/or/not and calls of listed functions. Nothing is ever executed as Python; the tree is only
read. Lengths are checked before parsing, because the parser itself can be exhausted by hostile text.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from synthrec.errors import Fault, SchemaError

MAX_CHARACTERS = 2_000
MAX_NODES = 300
MAX_DEPTH = 40
MAX_INTEGER = 2**53

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<name>`[^`\n]+`)|(?P<refused>[#`\\])|(?P<break>\s)"""
)
_FIRST_PLACEHOLDER = 0x4E00

_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Attribute: ("attribute access", "name a column, or table.column of the parent table"),
    ast.Subscript: ("a subscript", "use where(), band() or substr()"),
    ast.Lambda: ("a lambda", "write the expression itself"),
    ast.ListComp: ("a comprehension", "list the constants"),
    ast.SetComp: ("a comprehension", "list the constants"),
    ast.DictComp: ("a comprehension", "list the constants"),
    ast.GeneratorExp: ("a comprehension", "list the constants"),
    ast.Pow: ("a power", "multiply, or use exp() and log()"),
    ast.NamedExpr: ("an assignment", "write the expression out where it is used"),
    ast.JoinedStr: ("a formatted string", "use a plain string"),
    ast.Starred: ("a starred value", "list the values"),
    ast.keyword: ("a named argument", "give the arguments by position"),
    ast.Dict: ("a dictionary", "use where() for a choice"),
    ast.Set: ("a set", "use a list in square brackets"),
    ast.IfExp: ("if … else", "use where(condition, then, otherwise)"),
    ast.Is: ("is", "use == for values and isnull(x) for missing ones"),
    ast.IsNot: ("is not", "use != for values and not isnull(x) for missing ones"),
}

_ALLOWED = (
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.Call, ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a text begins: file, 1-based line and column (0 where unknown)."""

    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Source:
    """The text of an expression, the form that is parsed, and where it stands.

    `parsed` has the length of `text`: line breaks became spaces, and names in backticks became placeholders.
    """

    text: str
    place: Place
    parsed: str = ""
    quoted: dict[str, str] = field(default_factory=dict)
    """Column names that were written in backticks, by placeholder."""

    def error(self, offset: int, found: str, repair: str) -> SchemaError:
        """One fault at a character offset of the text."""
        before = self.text[:offset]
        line = max(self.place.line, 1) + before.count("\n")
        column = max(self.place.column, 1) + offset - (before.rfind("\n") + 1)
        return SchemaError([Fault(self.place.file, line, column, "", found, repair)])

    def error_at(self, node: ast.AST, found: str, repair: str) -> SchemaError:
        """One fault at a node of the tree."""
        return self.error(self.offset(getattr(node, "col_offset", 0)), found, repair)

    def offset(self, byte_offset: int) -> int:
        """Character offset of a UTF-8 byte offset of the parsed text."""
        return len(self.parsed.encode()[:byte_offset].decode(errors="ignore"))

    def segment(self, node: ast.expr) -> str:
        """The text that a node was read from."""
        return self.text[self.offset(node.col_offset) : self.offset(node.end_col_offset or 0)]

    def name(self, node: ast.AST) -> str | None:
        """The column name a node spells, ``table.column`` included; None for any other node."""
        match node:
            case ast.Name(id=name):
                return self.quoted.get(name, name)
            case ast.Attribute(value=ast.Name() as table, attr=attribute):
                return f"{self.name(table)}.{self.quoted.get(attribute, attribute)}"
            case _:
                return None


@lru_cache(maxsize=1024)
def parse(text: str, place: Place) -> tuple[Source, ast.expr]:
    """The syntax tree of an expression and the source it refers to; both are only read.

    What a check has parsed is kept for the run.

    Raises:
        SchemaError: the text is too long, is not an expression, or uses what the grammar refuses.
    """
    source = Source(text, place)
    if len(text) > MAX_CHARACTERS:
        raise source.error(
            0, f"{len(text)} characters", f"use at most {MAX_CHARACTERS}; split the rule into several"
        )
    if not text.strip():
        raise source.error(0, "an empty expression", "write a comparison such as discharge >= admit")
    source = _prepared(source)
    tree = _parsed(source)
    _check(tree, source)
    return source, tree


def _prepared(source: Source) -> Source:
    """Replace line breaks and names in backticks by text of the same length that the parser can read."""
    if triple := re.search(r"\"{3}|'{3}", source.text):
        raise source.error(triple.start(), "a triple quote", "use single or double quotes")
    unused = (chr(code) for code in range(_FIRST_PLACEHOLDER, 0x9FFF) if chr(code) not in source.text)
    quoted: dict[str, str] = {}

    def replace(token: re.Match[str]) -> str:
        found = token.group()
        match token.lastgroup:
            case "refused":
                raise source.error(
                    token.start(), f"the character {found}", "leave it out; write comments in the YAML"
                )
            case "name":
                placeholder = next(unused).ljust(len(found), "_")
                quoted[placeholder] = found[1:-1]
                return placeholder
            case "break":
                return " "
            case _:
                return found

    parsed = _TOKEN.sub(replace, source.text)
    lead = len(parsed) - len(parsed.lstrip())
    return Source(source.text[lead:], _advanced(source, lead), parsed[lead:], quoted)


def _advanced(source: Source, offset: int) -> Place:
    """The place of a later character of the text."""
    fault = source.error(offset, "", "").faults[0]
    return Place(fault.file, fault.line, fault.column)


def _parsed(source: Source) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(source.parsed, mode="eval").body
    except SyntaxError as error:
        offset = source.offset(len(source.parsed[: max((error.offset or 1) - 1, 0)].encode()))
        raise source.error(offset, "not an expression", _syntax_repair(source.parsed)) from None
    except (ValueError, RecursionError, MemoryError):
        raise source.error(0, "an expression that cannot be parsed", "make it shorter and plainer") from None


def _syntax_repair(text: str) -> str:
    hints = {
        r"&&?": "write and for &",
        r"\|\|?": "write or for |",
        r"(?<![<>=!])=(?!=)": "write == to compare",
        r"<>": "write != for <>",
        r"!(?!=)": "write not for !",
        r"\b(AND|OR|NOT|IN)\b": "write and, or, not, in with small letters",
    }
    for pattern, repair in hints.items():
        if re.search(pattern, text):
            return repair
    return "check parentheses, quotes and operators; write names with spaces or signs in backticks"


def _check(tree: ast.expr, source: Source) -> None:
    """Refuse trees that are too large or hold a node outside the grammar."""
    for count, (node, owner, depth) in enumerate(_walk(tree, source), start=1):
        if count > MAX_NODES:
            raise source.error_at(owner, f"more than {MAX_NODES} parts", "split the rule into several")
        if depth > MAX_DEPTH:
            raise source.error_at(owner, f"nesting deeper than {MAX_DEPTH}", "split the rule into several")
        if isinstance(node, ast.Constant):
            _check_constant(node, source)
        elif not isinstance(node, _ALLOWED) and source.name(node) is None:
            found, repair = _REFUSED.get(type(node), ("this operation", "use the operators of the grammar"))
            raise source.error_at(owner, f"{found} is not allowed", repair)


def _walk(tree: ast.expr, source: Source) -> Iterator[tuple[ast.AST, ast.AST, int]]:
    """Nodes depth first, each with the nearest node that has a position, and its depth; names are leaves."""
    pending: list[tuple[ast.AST, ast.AST, int]] = [(tree, tree, 1)]
    while pending:
        node, owner, depth = pending.pop()
        owner = node if hasattr(node, "col_offset") else owner
        yield node, owner, depth
        if source.name(node) is None:
            pending.extend((child, owner, depth + 1) for child in ast.iter_child_nodes(node))


def _check_constant(node: ast.Constant, source: Source) -> None:
    match node.value:
        case None:
            raise source.error_at(node, "None is not a value", "use isnull(x)")
        case bool() | str():
            return
        case int(number) if abs(number) <= MAX_INTEGER:
            return
        case float(number) if math.isfinite(number):
            return
        case int() | float():
            raise source.error_at(node, "a number that is too large", "use integers up to 2**53")
        case _:
            raise source.error_at(
                node, f"a constant of type {type(node.value).__name__}", "use a number, text or boolean"
            )

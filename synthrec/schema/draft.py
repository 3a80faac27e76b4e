"""A schema under check: its models, its places in the file, and which parts are stand-ins for broken ones."""

from __future__ import annotations

from dataclasses import dataclass

from synthrec.schema.model import Column, Schema
from synthrec.schema.yaml_source import Path, YamlSource, is_below


@dataclass(frozen=True)
class Draft:
    """What the checks read."""

    schema: Schema
    source: YamlSource
    broken: frozenset[Path]

    def is_sound(self, *path: str | int) -> bool:
        """Whether the part at a path is as the file has it."""
        return not is_below(path, self.broken)

    def column(self, table: str, name: str) -> Column | None:
        """A column that is there and sound."""
        spec = self.schema.tables.get(table)
        path = ("tables", table, "columns", name)
        return spec.columns.get(name) if spec is not None and self.is_sound(*path) else None

    def knows_table(self, name: str) -> bool:
        """Whether the file has a table of this name, sound or not."""
        return name in self.schema.tables or ("tables", name) in self.broken

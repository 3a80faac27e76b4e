"""Code tables of the user's own: added, and listed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec import terminologies
from synthrec.home import synthrec_home


@dataclass(frozen=True)
class TermsEntry:
    """What may be told of a code table."""

    name: str
    version: str
    title: str
    licence: str
    digest: str
    codes: int

    @classmethod
    def of(cls, table: terminologies.Terminology) -> TermsEntry:
        """Everything but the codes."""
        return cls(table.name, table.version, table.title, table.licence, table.digest, len(table.codes))

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        return dict(vars(self))


def terms_add(
    source: str | Path,
    *,
    name: str,
    version: str,
    licence: str,
    title: str | None = None,
    home: Path | None = None,
) -> TermsEntry:
    """Keep a licensed code table for rule schemas to draw from; one of the same name and version is replaced.

    Args:
        source: CSV file with the columns code, label and, where there is one, weight.
        name: Short name by which schemas call it.
        version: Version of the table.
        licence: Text of the licence, or where it stands.
        title: Full name of the code system; the short name by default.
        home: Folder under which it is kept; ``SYNTHREC_HOME`` by default, which is where schemas look.

    Raises:
        InputError: all that is wrong with the file, by line.
    """
    table = terminologies.read_table(
        Path(source), name=name, version=version, title=title or name, licence=licence
    )
    terminologies.add(home or synthrec_home(), table)
    return TermsEntry.of(table)


def terms_list(home: Path | None = None) -> tuple[TermsEntry, ...]:
    """All code tables that were added.

    Raises:
        VerificationError: one was changed since.
    """
    return tuple(TermsEntry.of(table) for table in terminologies.listed(home or synthrec_home()))

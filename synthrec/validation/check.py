"""What a check is: it sees the records chunk by chunk, keeps bounded memory, and ends in a `CheckResult`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from synthrec.data.table import Records
from synthrec.validation.result import CheckResult

Progress = Callable[[int], None]
"""Called after every chunk with the number of rows it held, all tables together."""


class Check(Protocol):
    """One question about synthetic records."""

    def add(self, records: Records) -> None:
        """Take in one chunk; rows arrive in release order."""

    def result(self) -> CheckResult:
        """The evidence over all chunks seen so far."""


def silent(_rows: int) -> None:
    """A progress that tells nobody."""


def run(
    checks: Sequence[Check], chunks: Iterable[Records], progress: Progress = silent
) -> tuple[CheckResult, ...]:
    """Read the chunks once and let every check see each of them.

    Args:
        checks: The checks, in the order of the results.
        chunks: The records, chunk by chunk, in release order.
        progress: Told the rows of each chunk once all checks have seen it.

    Returns:
        One result per check.
    """
    for records in chunks:
        for check in checks:
            check.add(records)
        progress(sum(len(table) for table in records.values()))
    return tuple(check.result() for check in checks)

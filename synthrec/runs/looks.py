"""Readings of files without a claim: entered in the ledger before the files are opened."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from pathlib import Path

from synthrec.data.keys import open_keys
from synthrec.digests import digest_file
from synthrec.errors import UserError
from synthrec.privacy.ledger import Ledger
from synthrec.release.card import read_card
from synthrec.release.export import CARD
from synthrec.runs.context import Run


def enter_files(files: Sequence[Path], population: str | None, kind: str, label: str, run: Run) -> None:
    """Enter a look at files that no card beside them says to be synthetic.

    Files have no keyed fingerprint of their records before they are read, so the entry bears one of their
    bytes; it is under the population where that is named, else under this mark.

    Raises:
        VerificationError: the ledger was changed; nothing is read then.
        OSError: a file cannot be read, or the ledger not written.
    """
    unknown = [path for path in files if not is_exported(path)]
    if not unknown:
        return
    keys = open_keys(run.home, create=True)
    mark = hmac.digest(keys.fingerprint, "".join(map(digest_file, unknown)).encode(), "sha256").hex()
    with Ledger.open(run.home, keys) as ledger:
        source = f"hmac-sha256:{mark}"
        ledger.look(population or source, kind, label, source=source)


def is_exported(path: Path) -> bool:
    """Whether a card beside a file lists it with these very bytes."""
    beside = path.parent / CARD
    if not beside.is_file():
        return False
    try:
        card = read_card(beside)
    except UserError:
        return False
    found = digest_file(path).removeprefix("sha256:")
    return any(subject.name == path.name and subject.sha256 == found for subject in card.subjects)

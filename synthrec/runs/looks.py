"""Readings of files without a claim: entered in the ledger before the files are opened."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from pathlib import Path

from synthrec.data.keys import open_keys
from synthrec.digests import digest_file
from synthrec.privacy.ledger import Ledger
from synthrec.runs.context import Run


def enter_files(files: Sequence[Path], population: str | None, kind: str, label: str, run: Run) -> None:
    """Enter a look at files, real or not: a card beside them is no proof before it is signed.

    Files have no keyed fingerprint of their records before they are read, so the entry bears one of their
    bytes; it is under the population where that is named, else under this mark.

    Raises:
        VerificationError: the ledger was changed; nothing is read then.
        OSError: a file cannot be read, or the ledger not written.
    """
    keys = open_keys(run.home, create=True)
    mark = hmac.digest(keys.fingerprint, "".join(map(digest_file, files)).encode(), "sha256").hex()
    with Ledger.open(run.home, keys) as ledger:
        source = f"hmac-sha256:{mark}"
        ledger.look(population or source, kind, label, source=source)

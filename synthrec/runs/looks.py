"""Readings of files without a claim: entered in the ledger before the files are opened."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synthrec.data.keys import Keys, open_keys
from synthrec.digests import digest_file
from synthrec.privacy.entries import Entry
from synthrec.privacy.ledger import Ledger
from synthrec.runs.context import Run
from synthrec.runs.inputs import Data, given_files


def enter_files(files: Sequence[Path], population: str | None, kind: str, label: str, run: Run) -> None:
    """Enter a look at files, real or not: a card beside them is no proof before it is signed.

    Files have no keyed fingerprint of their records before they are read, so the entry bears one of their
    bytes; it is under the population where that is named, else under this mark.

    Raises:
        VerificationError: the ledger was changed; nothing is read then.
        OSError: a file cannot be read, or the ledger not written.
    """
    keys = open_keys(run.home, create=True)
    source = _mark(files, keys)
    with Ledger.open(run.home, keys) as ledger:
        ledger.look(population or source, kind, label, source=source)


def enter_opening(
    given: Sequence[Data | None], population: str | None, kind: str, label: str, run: Run
) -> Entry:
    """Enter that records are about to be read, before the first is parsed; `enter_look` follows it.

    Args:
        given: The records, and their holdout if there is one: files or frames.
        population: Whose they are; without a name, a mark of the bytes stands for it.
        kind: What they are read for.
        label: Schema or model.
        run: With the folder of the ledger.

    Raises:
        VerificationError: the ledger was changed; nothing is read then.
        OSError: a file cannot be read, or the ledger not written.
    """
    keys = open_keys(run.home, create=True)
    source = _mark([one for each in given if each is not None for one in given_files(each)], keys)
    with Ledger.open(run.home, keys) as ledger:
        return ledger.open_files(population or source, kind, label, source=source)


def _mark(sources: Sequence[Any], keys: Keys) -> str:
    """A keyed mark of the bytes of files; a frame, and what is no file and will be refused, has none."""
    digests = "".join(map(_digest, sources))
    return f"hmac-sha256:{hmac.digest(keys.fingerprint, digests.encode(), 'sha256').hex()}"


def _digest(source: Any) -> str:
    return digest_file(source) if isinstance(source, Path) and source.is_file() else secrets.token_hex(32)

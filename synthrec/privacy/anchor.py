"""The newest head that a folder of keys has seen, kept apart from the ledger's own folder.

It lags behind the ledger when a process is killed between the two; it is never ahead, because an entry is on
disk before its head is written here. A ledger that does not contain it was deleted, cut or set back.
"""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from synthrec.digests import canonical
from synthrec.errors import VerificationError
from synthrec.privacy.entries import Head
from synthrec.staged import locked
from synthrec.strict_json import read_json
from synthrec.whole_files import write_whole

FILE = "ledger.head"
_UNFINISHED = re.compile(re.escape(f".{FILE}.") + "[0-9a-f]{16}")


def read_anchor(home: Path, key: bytes) -> Head | None:
    """The head last seen, or None where there has never been one.

    Raises:
        VerificationError: the file was changed, or written under another key.
    """
    path = home / FILE
    try:
        document = read_json(path)
        head, mac = Head(int(document["sequence"]), str(document["hash"])), str(document["mac"])
        expected = _mac(head, key)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise VerificationError(f"{path}: is damaged; restore it from your backup") from None
    if not hmac.compare_digest(mac.encode(), expected.encode()):
        raise VerificationError(f"{path}: was changed, or written under another root key")
    return head


def write_anchor(home: Path, head: Head, key: bytes) -> None:
    """Replace the head last seen, as a whole, 0600; what a killed writer left unfinished goes.

    One process at a time writes under the lock of the folder, so that an unfinished head is of a dead one.
    """
    with locked(home):
        for path in home.iterdir():
            if _UNFINISHED.fullmatch(path.name):
                path.unlink(missing_ok=True)
        write_whole(home / FILE, canonical(head.document() | {"mac": _mac(head, key)}))


def _mac(head: Head, key: bytes) -> str:
    return hmac.digest(key, b"synthrec ledger head\n" + canonical(head.document()), "sha256").hex()

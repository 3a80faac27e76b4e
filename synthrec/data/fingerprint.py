"""The keyed fingerprint of a source: says "same data" to who holds the key, and nothing to who does not."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np

from synthrec.data.identity import row_digests
from synthrec.data.table import Table


def fingerprint(table: Table, key: bytes) -> str:
    """``hmac-sha256:<hex>`` of the records as a multiset.

    Equal for the same records in another row order, column order, file dialect or file name.
    """
    digests = row_digests(table)
    ordered = digests[np.lexsort((digests[:, 1], digests[:, 0]))]
    names = hashlib.sha256("\0".join(sorted(table.spec.columns)).encode()).digest()
    return "hmac-sha256:" + hmac.digest(key, names + ordered.tobytes(), "sha256").hex()


def salted(found: str, salt: str, key: bytes) -> str:
    """A fingerprint that cannot be compared with that of another model: ``hmac-sha256:<hex>`` under a salt.

    Equal fingerprints in two releases would tell whether anyone joined or left in between, which no claim of
    either release covers.
    """
    return "hmac-sha256:" + hmac.digest(key, f"{salt}:{found}".encode(), "sha256").hex()

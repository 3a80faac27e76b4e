"""The files for catalogues that an export holds, made from its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synthrec.digests import digest_bytes
from synthrec.release.card import Card, card_bytes
from synthrec.release.card_blocks.interop import Catalogue, InteropPart
from synthrec.release.interop.croissant import croissant
from synthrec.release.interop.datapackage import datapackage
from synthrec.release.interop.files import json_file

FILES: Mapping[Catalogue, str] = {"croissant": "croissant.json", "frictionless": "datapackage.json"}
"""By standard: the file."""

_WRITERS: Mapping[Catalogue, Callable[[Card, InteropPart, str], dict[str, Any]]] = {
    "croissant": croissant,
    "frictionless": datapackage,
}


def catalogue_files(card: Card) -> dict[str, bytes]:
    """Contents by name; none where none were asked for.

    They bear the digest of the card, which therefore cannot bear theirs: like its pages, they are held
    against the card by making them again.
    """
    part = card.interop
    if part is None:
        return {}
    digest = digest_bytes(card_bytes(card))
    return {FILES[name]: json_file(_WRITERS[name](card, part, digest)) for name in part.catalogues}

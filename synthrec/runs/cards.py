"""Cards as files: read one, compare two."""

from __future__ import annotations

from pathlib import Path

from synthrec.release.card import Card
from synthrec.release.card import read_card as read_file
from synthrec.release.card_diff import CardDiff
from synthrec.release.card_diff import diff_cards as difference
from synthrec.release.export import CARD


def read_card(path: str | Path) -> Card:
    """The card in a file, or of an export folder.

    Raises:
        InputError: it is not a card; every fault with its key.
    """
    path = Path(path)
    return read_file(path / CARD if path.is_dir() else path)


def diff_cards(before: str | Path, after: str | Path) -> CardDiff:
    """What changed from one release to another, as their cards say it.

    Args:
        before: A card, or the folder of an export.
        after: The other.

    Raises:
        InputError: one of them is not a card; every fault with its key.
    """
    return difference(read_card(before), read_card(after))

"""The card, its pages and its catalogue entries, as the files that an export holds."""

from __future__ import annotations

from synthrec.release.card import Card, card_bytes
from synthrec.release.card_render import markdown_file, render_html
from synthrec.release.export import CARD
from synthrec.release.interop.catalogues import catalogue_files
from synthrec.release.reports.public import public_html


def card_files(card: Card) -> dict[str, bytes]:
    """Contents by name: the card, and what says the same in other forms."""
    return {
        CARD: card_bytes(card),
        "card.md": markdown_file(card).encode(),
        "card.html": render_html(card).encode(),
        "report.html": public_html(card).encode(),
        **catalogue_files(card),
    }

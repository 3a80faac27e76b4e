"""The card for people: one Markdown file, one HTML file that needs nothing else."""

from __future__ import annotations

from typing import Any

from synthrec.release.card import Card
from synthrec.release.card_details import details
from synthrec.release.card_front import front_matter
from synthrec.release.card_methods import methods
from synthrec.release.card_words import ANSWERS, first_screen
from synthrec.release.pages import environment, html_page


def render_markdown(card: Card) -> str:
    """The card as GitHub-flavoured Markdown."""
    return environment("md").get_template("card.md.j2").render(_context(card))


def markdown_file(card: Card) -> str:
    """The Markdown under the front matter of a Hugging Face dataset card."""
    return f"{front_matter(card)}\n{render_markdown(card)}"


def render_html(card: Card) -> str:
    """The card as one self-contained HTML page without scripts, under a policy that allows none."""
    return html_page("card.html.j2", ("card.css",), **_context(card))


def _context(card: Card) -> dict[str, Any]:
    return {
        "card": card,
        "answer": ANSWERS[card.decision.verdict],
        "questions": first_screen(card),
        "methods": methods(card),
        "details": details(card),
    }

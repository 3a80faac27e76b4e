"""The public report: made from the card alone, so it cannot say more of the real records than that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from synthrec.release.card import Card, Result
from synthrec.release.card_scenarios import scenario_items
from synthrec.release.card_words import ANSWERS, QUALITY, by_kind, unclaimed, use
from synthrec.release.judge import CONFORMITY
from synthrec.release.pages import WORDS, html_page
from synthrec.release.reports.drawings import figure
from synthrec.validation.exhibits import Bars

GRAVITY = {"pass": 0, "inconclusive": 1, "fail": 2}


@dataclass(frozen=True)
class Question:
    """One check as people read it."""

    check: str
    title: str
    word: str
    """Its verdict."""
    figures: str
    """Its measures with limits, and values where the card has them."""


def public_html(card: Card) -> str:
    """The report as one page that needs nothing else."""
    return html_page(
        "public.html.j2",
        ("card.css", "report.css"),
        card=card,
        answer=ANSWERS[card.decision.verdict],
        unclaimed=tuple(unclaimed(card)),
        use=tuple(use(card)),
        sections=tuple(_sections(card)),
        drawn=_drawn(card),
        scenarios=tuple(scenario_items(card.scenarios)),
    )


def _sections(card: Card) -> Iterator[tuple[str, tuple[Question, ...]]]:
    for name, chosen in by_kind(card.results):
        if chosen:
            yield name, tuple(_question(list(of)) for _, of in groupby(chosen, lambda one: one.check))


def _question(results: list[Result]) -> Question:
    worst = max(results, key=lambda one: (GRAVITY[one.verdict] > 0, one.blocking, GRAVITY[one.verdict]))
    told = "warning" if worst.verdict != "pass" and not worst.blocking else WORDS[worst.verdict]
    figures = "; ".join(_figures(one) for one in results if one.measure is not None)
    return Question(worst.check, worst.title, told, figures or worst.reason)


def _figures(result: Result) -> str:
    value = "" if result.value is None else f" {result.value:.4g}"
    if result.limit is None:
        return f"{result.measure}{value}"
    side = "at least" if result.check.startswith(QUALITY) else "at most"
    return f"{result.measure}{value}, required {side} {result.limit:.4g}"


def _drawn(card: Card) -> Markup:
    """Quality values beside their limits, where the card has both."""
    shown = [
        one
        for one in card.results
        if one.value is not None and one.limit is not None and not one.check.startswith(CONFORMITY)
    ]
    if not shown:
        return Markup("")
    series = (
        ("required", tuple(one.limit or 0.0 for one in shown)),
        ("synthetic rows", tuple(one.value or 0.0 for one in shown)),
    )
    labels = tuple(f"{one.check.partition('.')[2]} {one.measure}" for one in shown)
    return figure(Bars("Quality", "Values are rounded down; 1 is equal to the real rows.", labels, series))

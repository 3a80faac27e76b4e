"""Membership inference, all persons: do the synthetic rows betray who was in train?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from synthrec.data.table import Records
from synthrec.validation.attacks.roc import AUC_METHOD, RATE_METHOD, Roc
from synthrec.validation.attacks.suspects import AVOIDED, MOST, Suspects
from synthrec.validation.exhibits import Curves
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.stats import Estimate

TOPS = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5)
"""Fractions of the highest scores that are tested for too many members: for few leaked rows and for many."""

_SCORES = (
    "; of three scores (for the AUC in both directions) that with the highest upper limit (valid for the one "
    f"that truly finds most), persons with at most {MOST:,} rows per side"
)


class Membership:
    """Nearness and density ratios of the persons of train against those of the holdout."""

    check = "P3"
    title = "Do the synthetic rows betray who was among the training persons?"

    def __init__(self, suspects: Suspects) -> None:
        self._suspects, self._chunks = suspects, 0

    def add(self, records: Records) -> None:
        """Measure how near the rows of a chunk come to the real rows."""
        self._chunks += 1
        self._suspects.add(self._chunks, records)

    def result(self) -> CheckResult:
        """AUC, hit rates at 10 % and 1 % false alarms, evidence over all scores, and the curves."""
        reason = self._suspects.inapplicable()
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        member = self._suspects.sides.member
        rocs = {name: Roc.of(scores, member) for name, scores in self._suspects.scores.items()}
        found, near = rocs.values(), towards(rocs)
        measures = (
            worst("AUC", found, lambda roc: roc.auc, 0.5, AUC_METHOD + _SCORES),
            worst("TPR at 10 % FPR", near, lambda roc: roc.rate(0.1), 0.1, RATE_METHOD + _SCORES),
            worst("TPR at 1 % FPR", near, lambda roc: roc.rate(0.01), 0.01, RATE_METHOD + _SCORES),
        )
        p_value = smallest(roc.p_value(TOPS) for roc in found)
        exhibits = (roc_curves("Membership of all persons", rocs),)
        return CheckResult(self.check, self.title, measures, bound="AUC", p_value=p_value, exhibits=exhibits)


def towards(rocs: dict[str, Roc]) -> list[Roc]:
    """The curves of the scores that look for rows near to members, not for rows that avoid them."""
    return [roc for name, roc in rocs.items() if not name.startswith(AVOIDED)]


def worst(
    name: str, rocs: Iterable[Roc], of: Callable[[Roc], Estimate], chance: float, method: str
) -> Measure:
    """The measure of the curve with the highest upper limit, on as many persons as it rests on."""
    estimate, persons = max(
        ((of(roc), len(roc.members) + len(roc.others)) for roc in rocs), key=lambda found: found[0].high
    )
    return Measure(name, estimate.value, estimate.low, estimate.high, persons, chance, method)


def smallest(p_values: Iterable[float]) -> float:
    """The smallest p-value times their number, at most 1 (Bonferroni): it holds under any dependence."""
    given = tuple(p_values)
    return min(1.0, len(given) * min(given))


def roc_curves(title: str, rocs: dict[str, Roc]) -> Curves:
    """The curves of some scores, told in one sentence."""
    name, roc = max(rocs.items(), key=lambda item: item[1].auc.value)
    text = (
        f"The best of {len(rocs)} scores, {name}, reaches an area of {roc.auc.value:.3f}; "
        "0.5, the diagonal, is chance."
    )
    series = tuple((label, curve.curve()) for label, curve in rocs.items())
    return Curves(title, text, "false alarms among the holdout", "training persons found", series)

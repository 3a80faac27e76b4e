"""Reports: one page each, no script, all escaped, words beside drawings, nothing of the real records."""

import re
import stat
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from synthrec.release.gate import Decision
from synthrec.release.policy import load_policy
from synthrec.release.reports.bars import tick
from synthrec.release.reports.drawings import figure
from synthrec.release.reports.markup import figure_text
from synthrec.release.reports.public import public_html
from synthrec.release.reports.risk import risk_chart
from synthrec.release.reports.steward import Audited, steward_html, write_steward
from synthrec.validation.exhibits import Bars, Curves, Grid, Listing
from synthrec.validation.profile import load_profile
from synthrec.validation.result import CheckResult, Finding, Measure, Verdict

HOSTILE = "<script>alert(1)</script>\"'&\u202e"
EXHIBITS = {
    "bars": Bars(HOSTILE, HOSTILE, (HOSTILE, "b"), ((HOSTILE, (0.25, 0.75)), ("synthetic", (0.5, 0.5)))),
    "grid": Grid(HOSTILE, HOSTILE, (HOSTILE, "b"), (HOSTILE, "b"), ((None, 0.5), (0.5, None))),
    "curves": Curves(HOSTILE, HOSTILE, "across", "up", ((HOSTILE, ((0.0, 0.0), (0.5, 0.9), (1.0, 1.0))),)),
    "listing": Listing(HOSTILE, HOSTILE, ("name", "share"), ((HOSTILE, 0.25),)),
}


class Page(HTMLParser):
    """Elements, and what they say."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.said = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.said.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def finding(check="P1", verdict=Verdict.PASS, *, low=0.0, value=0.001, high=0.004, limit=0.01):
    measure = Measure("excess", value, low, high, 900, 0.0, "how")
    result = CheckResult(check, "Is it so?", (measure,), bound="excess", exhibits=tuple(EXHIBITS.values()))
    reason = f"{check} fails: the evidence holds; fit a generator that remembers less."
    return Finding(result, verdict, blocking=True, limit=limit, reason=reason, measure="excess")


def audited(*findings):
    deciding = [item for item in findings if item.blocking]
    worst = max((item.verdict for item in deciding), key=["pass", "inconclusive", "fail"].index)
    reasons = tuple(item.reason for item in deciding if item.verdict is not Verdict.PASS)
    decision = Decision(worst, findings, reasons or ("All passed.",))
    return Audited(HOSTILE, decision, (HOSTILE,), load_policy(), load_profile("default"))


@pytest.fixture
def pages(learned_card):
    return {"steward": steward_html(audited(finding())), "public": public_html(learned_card)}


@pytest.mark.parametrize("kind", ["steward", "public"])
def test_a_page_needs_nothing_and_runs_nothing(pages, kind):
    page = Page(pages[kind])
    (policy,) = [one["content"] for one in page.of("meta") if "default-src" in one.get("content", "")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not page.of("script") + page.of("link") + page.of("img") + page.of("iframe")
    assert not any(
        name in attributes for _, attributes in page.elements for name in ("style", "onload", "src")
    )
    assert all(attributes["href"].startswith("#") for attributes in page.of("a"))
    assert not re.search(r"url\(|@import", pages[kind])


def test_hostile_names_are_shown_and_do_nothing(pages):
    page = Page(pages["steward"])
    assert not page.of("script")
    assert any("<script>alert(1)</script>" in said for said in page.said)
    assert "\u202e" not in pages["steward"]


@pytest.mark.parametrize("kind", EXHIBITS)
def test_each_drawing_is_told_in_words_and_numbers(kind):
    page = Page(figure(EXHIBITS[kind]))
    for image in page.of("svg"):
        assert image["role"] == "img"
        assert HOSTILE.strip("\u202e") in image["aria-label"]
    assert (kind == "listing") != bool(page.of("svg"))
    assert page.of("table")


def test_lengths_of_bars_are_in_proportion():
    page = Page(figure(Bars("t", "x", ("a", "b"), (("real", (0.2, 0.4)),))))
    first, second = (float(bar["width"]) for bar in page.of("rect"))
    assert second == pytest.approx(2 * first, rel=1e-3)


def test_a_curve_goes_through_its_points():
    (path,) = Page(figure(EXHIBITS["curves"])).of("polyline")
    (x0, y0), (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in path["points"].split())
    assert (x1 - x0) == pytest.approx((x2 - x0) / 2, abs=0.11)
    assert (y0 - y1) == pytest.approx(0.9 * (y0 - y2), abs=0.11)


def test_the_risk_chart_sets_chance_and_limit_on_one_scale():
    """Half-way from chance to limit is half-way between the lines, whatever the measure."""
    page = Page(risk_chart([finding(value=0.005), finding("P2", value=0.05, limit=0.1)]))
    chance, limit = (float(line["x1"]) for line in page.of("line")[:2])
    for dot in page.of("circle"):
        assert float(dot["cx"]) == pytest.approx((chance + limit) / 2, abs=0.05)


def test_the_first_screen_says_why_and_what_would_change_the_answer():
    """Each reason once, with the questions it is about; what to do, with the checks that ask for it."""
    failed = [finding(check, verdict=Verdict.FAIL) for check in ("P1", "P2")]
    said = " ".join(" ".join(Page(steward_html(audited(*failed, finding("P3")))).said).split())
    assert "No: these records must not be released." in said
    assert "Why The evidence holds. P1 Is it so? P2 Is it so? What would change the answer" in said
    assert "Fit a generator that remembers less. P1 P2" in said
    assert "3 checks decide: 2 failed, 1 passed" in said


def test_a_reason_without_a_remedy_is_not_one():
    reason = "P1 is inconclusive: it did not run, because nobody asked."
    open_question = replace(finding(verdict=Verdict.INCONCLUSIVE), reason=reason)
    said = " ".join(" ".join(Page(steward_html(audited(open_question))).said).split())
    assert "Why It did not run, because nobody asked. P1" in said
    assert "What would change the answer Let the checks run that could not." in said


def test_a_check_that_only_advises_warns():
    advice = replace(finding("P10", verdict=Verdict.FAIL), blocking=False)
    page = steward_html(audited(finding(), advice))
    assert "1 check advises: 1 warning" in page
    assert 'class="chip warning"' in page
    assert 'class="chip failed"' not in page


def test_the_same_audit_gives_the_same_bytes():
    assert steward_html(audited(finding())) == steward_html(audited(finding()))


def test_only_its_owner_may_read_it_and_a_full_disk_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "m.steward.html"
    write_steward(path, audited(finding()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_steward(path, audited(finding(verdict=Verdict.FAIL)))
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_the_public_report_shows_no_figure_of_an_attack(learned_card):
    """Whatever the attacks measured is not on the card, from which alone the report is made."""
    results = [one for one in learned_card.results if one.check.startswith("P")]
    assert results
    assert all(one.value is None for one in results)
    said = " ".join(Page(public_html(learned_card)).said)
    assert all(one.title in said for one in results)


def test_what_the_card_does_not_tell_is_not_drawn(learned_card):
    """As for the rows of an approved trial, and for all rows under a claim."""
    assert Page(public_html(learned_card)).of("svg")
    silent = tuple(one.model_copy(update={"value": None}) for one in learned_card.results)
    page = Page(public_html(learned_card.model_copy(update={"results": silent})))
    assert not page.of("svg") + page.of("table")
    assert all(one.title in " ".join(page.said) for one in silent)


def test_the_table_of_a_curve_is_read_off_it():
    """From (0, 0) over (0.5, 0.9): at 0.25 the height is 0.45."""
    said = Page(figure(EXHIBITS["curves"])).said
    assert said[said.index("0.2500") + 1] == "0.4500"


@pytest.mark.parametrize(("most", "step"), [(1.0, 0.5), (0.2, 0.05), (0.0031, 0.001), (7.0, 2.0)])
def test_ticks_are_round_and_few(most, step):
    assert tick(most) == pytest.approx(step)


def test_a_figure_in_a_table():
    written = [
        figure_text(value) for value in (0, 0.0, 0.12345, -0.00071, 0.00001, 1234.5678, 12345, None, "a")
    ]
    assert written == ["0", "0", "0.1235", "\N{MINUS SIGN}0.0007", "1e-05", "1,235", "12,345", "—", "a"]


def test_quality_is_no_question_of_reidentification(learned_card):
    """Each result stands under its own heading, whatever its verdict."""
    said = " ".join(Page(public_html(learned_card)).said)
    risk, quality, schema = map(said.index, ("re-identified?", "like the real ones?", "keep their schema?"))
    for one in learned_card.results:
        place = said.index(one.title)
        expected = (risk, quality) if one.check.startswith("P") else (quality, schema)
        expected = (schema, len(said)) if one.check.startswith("conformity.") else expected
        assert expected[0] < place < expected[1]


def test_without_real_records_there_is_no_question_of_reidentification(rules_card):
    assert "re-identified" not in public_html(rules_card)


def test_a_refused_card_says_so(learned_card):
    decision = learned_card.decision.model_copy(update={"verdict": "fail", "reasons": ("P1 fails: so.",)})
    said = " ".join(Page(public_html(learned_card.model_copy(update={"decision": decision}))).said)
    assert "may not be used" in said


def test_a_finding_without_figures_is_told_by_its_reason():
    bare = replace(finding(), measure=None)
    assert risk_chart([bare]) == ""
    assert "Is it so?" in steward_html(audited(bare))

"""What expressions mean, function by function, and where their faults stand."""

from __future__ import annotations

import datetime as dt
import math
import time
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from synthrec.errors import SchemaError
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import Vector

STAGES = Domain(values=("low", "mid", "high"), ordered=True, source="public")
COLUMNS = {
    "n": Column(kind="integer"),
    "m": Column(kind="integer"),
    "x": Column(kind="float"),
    "cost": Column(kind="decimal", scale=2),
    "ok": Column(kind="boolean"),
    "sex": Column(kind="category", domain=Domain(values=("F", "M"), source="public")),
    "job": Column(kind="category", domain=Domain(values=("nurse",), source="learned")),
    "stage": Column(kind="category", domain=STAGES),
    "was": Column(kind="category", domain=STAGES),
    "born": Column(kind="date"),
    "seen": Column(kind="datetime"),
    "paid": Column(kind="datetime", timezone="Europe/Berlin"),
    "hours-per-week": Column(kind="integer"),
    "class": Column(kind="integer"),
    "patient.n": Column(kind="integer"),
    "größe": Column(kind="integer"),
}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def numbers(*cells, dtype=np.int64):
    return Vector(np.array([cell or 0 for cell in cells], dtype), np.array([cell is None for cell in cells]))


def labels(levels, *cells):
    codes = [0 if cell is None else levels.index(cell) for cell in cells]
    return Vector(np.array(codes, np.int32), np.array([cell is None for cell in cells]), tuple(levels))


def dates(*texts):
    return numbers(*((dt.date.fromisoformat(text) - EPOCH.date()).days for text in texts))


def moments(*texts, zone="UTC"):
    stamps = [dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) for text in texts]
    return numbers(*((stamp - EPOCH) // dt.timedelta(microseconds=1) for stamp in stamps))


def value(source, **vectors):
    result = compile_expression(source, COLUMNS).evaluate(vectors)
    if result.levels is not None:
        cells = [result.levels[code] for code in result.values]
    else:
        cells = result.values.tolist()
    return [None if gone else cell for cell, gone in zip(cells, result.missing, strict=True)]


def fault(source, **place):
    with pytest.raises(SchemaError) as caught:
        compile_expression(source, COLUMNS, **place)
    (found,) = caught.value.faults
    return found


def test_kind_names_and_conjuncts():
    expression = compile_expression("(n > 1 and sex == 'F') and (ok or patient.n < 3)", COLUMNS)
    assert expression.kind == "boolean"
    assert expression.names == {"n", "sex", "ok", "patient.n"}
    assert [part.source for part in expression.conjuncts] == ["n > 1", "sex == 'F'", "ok or patient.n < 3"]
    assert [part.names for part in expression.conjuncts] == [{"n"}, {"sex"}, {"ok", "patient.n"}]


def test_an_expression_without_and_is_its_own_conjunct():
    expression = compile_expression("n + 1", COLUMNS)
    assert expression.conjuncts == (expression,)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("n / 2", "number"),
        ("where(ok, 'a', sex)", "label"),
        ("add_days(born, 3)", "date"),
        ("max(born, seen)", "datetime"),
        ("add_days(paid, 0.5)", "datetime"),
        ("date(paid)", "date"),
    ],
)
def test_result_kinds(source, kind):
    assert compile_expression(source, COLUMNS).kind == kind


def test_names_in_backticks_and_keywords():
    expression = compile_expression("`hours-per-week` > `class` and größe == 1", COLUMNS)
    assert expression.names == {"hours-per-week", "class", "größe"}
    vectors = {"hours-per-week": numbers(50, 1), "class": numbers(2, 2), "größe": numbers(1, 1)}
    assert expression.evaluate(vectors).values.tolist() == [True, False]


def test_backticks_inside_texts_are_text():
    assert value("job == '`n`'", job=labels(["`n`"], "`n`")) == [True]


def test_null_is_neither_equal_nor_unequal():
    assert value("n != 3", n=numbers(None, 3, 4)) == [None, False, True]
    assert value("n == n", n=numbers(None, 3)) == [None, True]


def test_division_by_zero_is_null():
    vectors = {"n": numbers(1, 7, None), "m": numbers(0, 2, 1)}
    assert value("n / m", **vectors) == [None, 3.5, None]
    assert value("n // m", **vectors) == [None, 3, None]
    assert value("n % m", **vectors) == [None, 1, None]
    assert value("x / x", x=numbers(0.0, 2.0, dtype=float)) == [None, 1.0]


def test_overflow_is_null_and_not_wrapped():
    top = 2**63 - 1
    assert value("n + 1", n=numbers(top, 5)) == [None, 6]
    assert value("n - 1", n=numbers(-top - 1, 5)) == [None, 4]
    assert value("n * m", n=numbers(2**40, 3), m=numbers(2**40, 5)) == [None, 15]
    assert value("-n", n=numbers(-top - 1, 5)) == [None, -5]
    assert value("abs(n)", n=numbers(-top - 1, -5)) == [None, 5]
    assert value("n // -1", n=numbers(-top - 1, 5)) == [None, -5]
    assert value("n > 0.5", n=numbers(top, 0)) == [True, False]
    assert value("floor(x * 1e300)", x=numbers(1.0, 0.0, dtype=float)) == [None, 0]


def test_functions_outside_their_range_are_null():
    cells = numbers(-1.0, 0.0, 1e308, None, dtype=float)
    assert value("log(x)", x=cells)[:2] == [None, None]
    assert value("sqrt(x)", x=cells) == [None, 0.0, math.sqrt(1e308), None]
    assert value("exp(x)", x=cells) == [math.exp(-1), 1.0, None, None]
    assert value("x * 10", x=cells) == [-10.0, 0.0, None, None]
    assert value("logistic(x)", x=cells) == [pytest.approx(1 / (1 + math.e)), 0.5, 1.0, None]
    assert value("logistic(-x)", x=numbers(1000.0, dtype=float)) == [0.0]


def test_decimals_are_exact_and_leave_as_values():
    cells = numbers(10, 20, 30)
    assert value("cost == 0.1", cost=cells) == [True, False, False]
    assert value("cost + 0.2 == 0.3", cost=cells) == [True, False, False]
    assert value("cost + cost", cost=cells) == [0.2, 0.4, 0.6]
    assert compile_expression("cost", COLUMNS).evaluate({"cost": cells}).values.dtype == np.float64


def test_round_is_half_to_even_and_floor_goes_down():
    cells = numbers(250, 350, -250, 251)
    assert value("round(cost)", cost=cells) == [2, 4, -2, 3]
    assert value("floor(cost)", cost=cells) == [2, 3, -3, 2]
    assert value("round(cost, 1)", cost=numbers(25, 35, -15)) == [0.2, 0.4, -0.2]
    assert value("round(x)", x=numbers(2.5, -0.5, dtype=float)) == [2, 0]


def test_where_takes_the_last_branch_for_null():
    assert value("where(ok, 1, 2)", ok=numbers(True, False, None, dtype=bool)) == [1, 2, 2]
    assert value("where(n > 1, sex, 'X')", n=numbers(2, 0), sex=labels(["F", "M"], "M", "M")) == ["M", "X"]


def test_coalesce_band_and_extremes():
    assert value("coalesce(n, m, 9)", n=numbers(None, 1, None), m=numbers(2, 2, None)) == [2, 1, 9]
    assert value("band(n, [18, 65])", n=numbers(17, 18, 64, 65, None)) == [0, 1, 1, 2, None]
    assert value("min(n, m)", n=numbers(1, None), m=numbers(0, 5)) == [0, None]


def test_labels_compare_by_text_whatever_their_codes():
    a, b = labels(["low", "mid"], "low", "mid", None), labels(["mid", "high", "low"], "low", "high", "mid")
    assert value("stage == was", stage=a, was=b) == [True, False, None]
    assert value("stage < was", stage=a, was=b) == [False, True, None]
    assert value("stage >= 'mid'", stage=b) == [False, True, True]
    assert value("'mid' <= stage", stage=b) == [False, True, True]


def test_labels_without_any_level():
    empty = Vector(np.zeros(2, np.int32), np.array([True, True]), ())
    assert value("sex == 'F'", sex=empty) == [None, None]
    assert value("upper(sex)", sex=labels(["f"], "f")) == ["F"]


def test_label_functions():
    cells = labels(["E11.9", "e10", "I10"], "E11.9", "e10", "I10", None)
    assert value("matches(job, 'E1*')", job=cells) == [True, False, False, None]
    assert value("substr(upper(job), 1, 3)", job=cells) == ["E11", "E10", "I10", None]
    assert value("lower(job)", job=cells) == ["e11.9", "e10", "i10", None]
    assert value("len(job)", job=cells) == [5, 3, 3, None]


def test_dates_and_their_parts():
    cells = dates("2024-02-29", "1969-12-31")
    assert value("year(born)", born=cells) == [2024, 1969]
    assert value("month(born)", born=cells) == [2, 12]
    assert value("day(born)", born=cells) == [29, 31]
    assert value("weekday(born)", born=cells) == [3, 2]
    assert value("born > '2000-01-01'", born=cells) == [True, False]
    assert value("days_between('2024-01-01', born)", born=cells) == [59, -19724]
    assert value("add_days(born, 1) == '2024-03-01'", born=cells) == [True, False]
    assert value("born in ['2024-02-29']", born=cells) == [True, False]


def test_moving_a_date_out_of_the_calendar_is_null():
    cells = dates("2024-02-29", "2024-02-29")
    assert value("year(add_days(born, n))", born=cells, n=numbers(3_000_000, 0)) == [None, 2024]
    assert value("add_days(born, n)", born=cells, n=numbers(2**62, None)) == [None, None]


def test_datetimes_are_local_to_their_timezone():
    stamps = moments("2024-07-01T00:30", "2024-01-01T23:30", zone="Europe/Berlin")
    assert value("hour(paid)", paid=stamps) == [0, 23]
    assert value("month(paid)", paid=stamps) == [7, 1]
    assert value("date(paid) == '2024-07-01'", paid=stamps) == [True, False]
    assert value("paid == '2024-07-01T00:30'", paid=stamps) == [True, False]
    assert value("paid == '2024-06-30T22:30+00:00'", paid=stamps) == [True, False]


def test_dates_next_to_datetimes_mean_midnight():
    seen, born = moments("2024-01-02T12:00", "2024-01-01"), dates("2024-01-01", "2024-01-01")
    assert value("seen > born", seen=seen, born=born) == [True, False]
    assert value("days_between(born, seen)", seen=seen, born=born) == [1.5, 0.0]
    assert value("add_days(seen, 0.5) >= '2024-01-03'", seen=seen) == [True, False]
    assert value("born < '2024-01-01T08:00'", born=born) == [True, True]


def test_an_expression_without_columns_fills_the_rows():
    assert value("1 + 1", n=numbers(0, 0, 0)) == [2, 2, 2]
    assert compile_expression("1 / 0", COLUMNS).evaluate({}).missing.tolist() == [True]


def test_no_rows():
    empty = Vector(np.zeros(0, np.int64), np.zeros(0, bool))
    assert value("abs(n) * 2 + 1 > 3 and n in [1, 2]", n=empty) == []


@pytest.mark.parametrize(
    ("source", "found", "repair"),
    [
        ("sexx == 'F'", "no column 'sexx'", "sex"),
        ("sex == 'f'", "'f' is not in the column's domain", "'F'"),
        ("sex in ['F', 'X']", "'X' is not in", "F, M"),
        ("sex == 3", "label next to a number", "quotes"),
        ("n == '3'", "number next to a label", "quotes"),
        ("ok == 1", "boolean next to a number", "quotes"),
        ("ok < True", "order of booleans", "=="),
        ("sex < 'M'", "order of labels", "ordered: true"),
        ("n and ok", "a number in place of a condition", "compare"),
        ("born > '2024-02-30'", "is not a date", "2024-01-31"),
        ("seen > '1.2.2024'", "is not a datetime", "ISO 8601"),
        ("seen > paid", "timezone", "date(x)"),
        ("born - born", "arithmetic on dates", "days_between"),
        ("sex + 1", "label", "column"),
        ("n = 3", "not an expression", "=="),
        ("n > 1 && ok", "not an expression", "and"),
        ("n > 1 AND ok", "not an expression", "small letters"),
        ("rond(n)", "no function rond", "round"),
        ("round()", "0 arguments", "round(x, places)"),
        ("round(n, m)", "not a constant", "integer from"),
        ("band(n, 3)", "not a list", "band(x"),
        ("band(n, [3, 1])", "do not increase", "sort"),
        ("isnull([1])", "list in place of a value", "in"),
        ("n is None", "None is not a value", "isnull"),
        ("n == None", "None is not a value", "isnull"),
        ("add_days(born, 0.5)", "parts of a day", "floor"),
        ("hour(born)", "date in place of a datetime", "column"),
        ("patient.m > 1", "neither a column", "patient.n"),
        ("n in [m]", "not a constant", "or"),
        ("seen > '2024-01-01T00:00+01:00'", "offset", "leave"),
    ],
)
def test_faults_say_what_and_how(source, found, repair):
    problem = fault(source)
    assert found in problem.found
    assert repair in problem.repair


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("n > 1" + " " * 2_000, "2005 characters"),
        (f"n in [{'1, ' * 310}]", "more than 300 parts"),
        ("-" * 45 + "n > 1", "nesting deeper than 40"),
        ("9007199254740993 > n", "too large"),
    ],
)
def test_limits_are_told(source, found):
    assert found in fault(source).found


def test_a_learned_domain_is_open():
    assert value("job == 'surgeon'", job=labels(["nurse"], "nurse")) == [False]


def test_faults_stand_at_their_place_in_the_file():
    problem = fault("n > 1 and\n  größe == 1 and foo > 2", file="s.yaml", line=10, column=9)
    assert (problem.file, problem.line, problem.column) == ("s.yaml", 11, 9 + 17)


def test_every_conjunct_reports_its_fault():
    with pytest.raises(SchemaError) as caught:
        compile_expression("foo > 1 and sex == 'Z' or bar < 2 and n == 'x'", COLUMNS)
    assert len(caught.value.faults) == 4


def test_comparisons_are_fast():
    rng = np.random.default_rng(0)
    rows = 2_000_000
    vectors = {"n": Vector.full(rng.integers(0, 99, rows)), "x": Vector.full(rng.random(rows))}
    expression = compile_expression("n > 50 and x <= 0.25", COLUMNS)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        expression.evaluate(vectors)
        seconds.append(time.process_time() - start)
    assert rows / min(seconds) > 50e6

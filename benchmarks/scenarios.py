"""How fast scenarios are written, and how well simple detectors find them.

For each shipped scenario and tier, with an instance in 5 % of the units: CPU seconds of the run (records
included), and the AUC of trees on the columns of a row, and with the times to the rows before and after them;
on units that the tree was not fitted to. The last column is the best single feature, times included.
Arguments are tiers; all by default.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from synthrec.assets import find_schema
from synthrec.data.table import Table
from synthrec.rng import Streams
from synthrec.scenarios.bind import bind
from synthrec.scenarios.load import load_scenario
from synthrec.scenarios.model import Prevalence
from synthrec.scenarios.run import Request, ScenarioRun
from synthrec.schema.load import load_schema

TIERS = ("mild", "moderate", "severe", "extreme")
RATE, LAWFUL = 0.05, 20_000
ROOTS = {"inpatient": 8_192, "claims": 4_096, "retail_bank": 2_048, "card": 1_024}
PATIENT, ACCOUNT = ("patient_id", "admit_date", "discharge_date"), ("account_id", "booked_at", "booked_at")
SHOWN = {
    "account_takeover": ("transaction", *ACCOUNT, {"fraud"}),
    "card_testing": ("transaction", *ACCOUNT, {"probe", "cash_out"}),
    "card_testing_auth": ("auth", "card_id", "at", "at", {"probe", "refused_probe", "cash_out"}),
    "doctor_shopping": ("claim", "member_id", "service_from", "service_to", {"visit", "fill"}),
    "opioid_overdose_cascade": ("admission", *PATIENT, {"overdose"}),
    "sepsis_hospital_onset": ("admission", *PATIENT, {"septic_stay"}),
}


def made(name: str, tier: str) -> tuple[pd.DataFrame, Any, float]:
    """The table in which a scenario shows, which of its rows are part of it, and the CPU seconds."""
    file = load_scenario(name)
    schema = load_schema(find_schema(file.scenario.targets.schema_name))
    first = bind(file, schema)
    requests, roots = [Request(first, Prevalence(rate=RATE, per=first.unit), tier)], ROOTS[schema.info.name]
    for other in file.scenario.companions:
        companion = bind(load_scenario(other), schema)
        own = companion.scenario.prevalence
        requests += [Request(companion, own, companion.scenario.tier(None))] if own else []
    start = time.process_time()
    parts = list(ScenarioRun(schema, {}, requests, roots, Streams(1), block_roots=min(roots, 4_096)).stream())
    seconds = time.process_time() - start
    table, unit, _, _, roles = SHOWN[name]
    frame = Table.concat([records[table] for records, _ in parts]).data.to_pandas()
    if unit not in frame:
        cover = Table.concat([records["coverage"] for records, _ in parts]).data.to_pandas().astype(str)
        frame[unit] = frame.coverage_id.astype(str).map(cover.set_index("coverage_id")[unit])
    labels = Table.concat([part for _, part in parts]).data.to_pandas().astype({"key": str})
    ours = labels[(labels.scenario == name) & (labels.table == table) & labels.role.isin(roles)]
    key = schema.tables[table].primary_key[0]
    return frame, frame[key].astype(str).isin(set(ours.key)).to_numpy(), seconds


def features(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a row as numbers; labels one by one, moments as hour and weekday."""
    columns: dict[str, Any] = {}
    for name, values in frame.items():
        if str(name).endswith("_id"):
            continue
        if isinstance(values.dtype, pd.CategoricalDtype):
            columns |= {f"{name}={level}": values == level for level in values.cat.categories}
        elif isinstance(values.dropna().iloc[0], dt.date):
            moments = pd.to_datetime(values).dt
            columns |= {
                f"{name}.hour": moments.hour.fillna(-1),
                f"{name}.weekday": moments.weekday.fillna(-1),
            }
        else:
            columns[str(name)] = pd.to_numeric(values).astype(float).fillna(-1)
    return pd.DataFrame({name: np.asarray(values, float) for name, values in columns.items()})


def with_times(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The same, and the times to the rows of the same unit before and after."""
    _, unit, begin, end, _ = SHOWN[name]
    group = frame[unit].astype(str).to_numpy()
    starts, ends = (pd.to_datetime(frame[column]).astype("int64").to_numpy() for column in (begin, end))
    since = np.r_[0.0, starts[1:] - ends[:-1]]
    since[np.r_[True, group[1:] != group[:-1]]] = 1e18
    return features(frame).assign(since=since, until=np.r_[since[1:], 1e18])


def auc(depth: int, columns: pd.DataFrame, truth: Any, units: pd.Series) -> float:
    """AUC of a tree on the half of the units that it has not seen."""
    seen = pd.factorize(units)[0] % 2 == 0
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=20, class_weight="balanced", random_state=0
    )
    tree.fit(columns[seen], truth[seen])
    return float(roc_auc_score(truth[~seen], tree.predict_proba(columns[~seen])[:, 1]))


def some(truth: Any) -> Any:
    """All rows of a scenario, and at most `LAWFUL` others, evenly drawn: an AUC does not depend on shares."""
    others = np.random.default_rng(0).permutation(np.flatnonzero(~truth))[:LAWFUL]
    return np.sort(np.concatenate([np.flatnonzero(truth), others]))


def single(columns: pd.DataFrame, truth: Any) -> tuple[float, str]:
    """AUC of the best single feature, read in the better direction, and its name."""
    found = {str(name): float(roc_auc_score(truth, columns[name])) for name in columns}
    best = max(found, key=lambda name: abs(found[name] - 0.5))
    return max(found[best], 1 - found[best]), best


def main() -> None:
    """Print the table."""
    head = "".join(f"{title:>9}" for title in ("depth 2", "+ times", "depth 5", "single"))
    print(f"{'scenario':<25}{'tier':<10}{'rows':>7}{'of it':>7}{'CPU s':>7}{head}")
    for name, (_, unit, *_rest) in SHOWN.items():
        for tier in sys.argv[1:] or TIERS:
            frame, truth, seconds = made(name, tier)
            rows, counts = some(truth), f"{len(frame):>7}{int(truth.sum()):>7}"
            timed, units = with_times(frame, name).iloc[rows], frame[unit].astype(str).iloc[rows]
            plain, truth = timed.drop(columns=["since", "until"]), truth[rows]
            best, feature = single(timed, truth)
            trees = (auc(2, plain, truth, units), auc(2, timed, truth, units), auc(5, timed, truth, units))
            shown = "".join(f"{figure:>9.3f}" for figure in (*trees, best))
            print(f"{name:<25}{tier:<10}{counts}{seconds:>7.2f}{shown}  {feature}", flush=True)


if __name__ == "__main__":
    main()

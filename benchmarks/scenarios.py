"""How fast scenarios are written, and how well simple detectors find them.

For each shipped scenario and tier, in 8,192 root entities of which 5 % have an instance: CPU seconds of the
run (records included), and the AUC of trees on the columns of a row, and with the times to the rows before
and after beside them; on entities that the tree was not fitted to.
"""

from __future__ import annotations

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

UNITS, RATE = 8_192, 0.05
SHOWN = {
    "account_takeover": ("transaction", "account_id", "booked_at", "booked_at", {"fraud"}),
    "card_testing": ("transaction", "account_id", "booked_at", "booked_at", {"probe", "cash_out"}),
    "sepsis_hospital_onset": ("admission", "patient_id", "admit_date", "discharge_date", {"septic_stay"}),
    "opioid_overdose_cascade": ("admission", "patient_id", "admit_date", "discharge_date", {"overdose"}),
}


def made(name: str, tier: str) -> tuple[pd.DataFrame, Any, float]:
    """The table in which a scenario shows, which of its rows are part of it, and the CPU seconds."""
    file = load_scenario(name)
    schema = load_schema(find_schema(file.scenario.targets.schema_name))
    first = bind(file, schema)
    requests = [Request(first, Prevalence(rate=RATE, per=first.unit), tier)]
    for other in file.scenario.companions:
        companion = bind(load_scenario(other), schema)
        own = companion.scenario.prevalence
        requests += [Request(companion, own, companion.scenario.tier(None))] if own else []
    start = time.process_time()
    parts = list(ScenarioRun(schema, {}, requests, UNITS, Streams(1)).stream())
    seconds = time.process_time() - start
    table, _, _, _, roles = SHOWN[name]
    frame = Table.concat([records[table] for records, _ in parts]).data.to_pandas()
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
        elif "date" in str(name) or str(name).endswith("_at"):
            moments = pd.to_datetime(values)
            columns |= {f"{name}.hour": moments.dt.hour, f"{name}.weekday": moments.dt.weekday}
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


def main() -> None:
    """Print the table."""
    head = "".join(f"{title:>9}" for title in ("depth 2", "+ times", "depth 5"))
    print(f"{'scenario':<25}{'tier':<10}{'rows':>7}{'of it':>7}{'CPU s':>7}{head}")
    for name, (_, unit, *_rest) in SHOWN.items():
        for tier in ("mild", "moderate", "severe", "extreme"):
            frame, truth, seconds = made(name, tier)
            plain, timed, units = features(frame), with_times(frame, name), frame[unit].astype(str)
            figures = (auc(2, plain, truth, units), auc(2, timed, truth, units), auc(5, timed, truth, units))
            shown = "".join(f"{figure:>9.3f}" for figure in figures)
            print(
                f"{name:<25}{tier:<10}{len(frame):>7}{int(truth.sum()):>7}{seconds:>7.2f}{shown}", flush=True
            )


if __name__ == "__main__":
    main()

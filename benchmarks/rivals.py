"""The same twenty columns by makers of other projects, each as its documentation has it."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from synthrec.data.table import Table
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.model import Schema

WARDS = [f"W{number}" for number in range(1, 9)]
DIAGNOSES = [f"X{number:04d}" for number in range(1_000)]
URGENCIES = ["elective", "urgent", "emergency"]
GROUPS = ["G1", "G2", "G3", "G4"]
PAYERS = ["public", "private", "self", "other"]
SDTYPES = {"boolean": "boolean", "category": "categorical", "code": "categorical", "date": "datetime"}
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 12, 31)


@dataclass(frozen=True)
class Rival:
    """Another maker: CPU seconds for so many rows."""

    name: str
    rows: int
    seconds: Callable[[int, Schema], float]


def faker(rows: int, schema: Schema) -> float:  # noqa: ARG001
    """Faker, a dictionary per row; values are independent."""
    from faker import Faker  # noqa: PLC0415

    fake = Faker()
    start = time.process_time()
    for number in range(rows):
        admitted, stay = fake.date_between(FIRST, LAST), fake.random_int(0, 20)
        {
            "encounter_id": number,
            "age": fake.random_int(0, 110),
            "sex": fake.random_element(("F", "M")),
            "ward": fake.random_element(WARDS),
            "urgency": fake.random_element(URGENCIES),
            "diagnosis": fake.random_element(DIAGNOSES),
            "admitted": admitted,
            "stay": stay,
            "discharged": admitted + dt.timedelta(days=stay),
            "comorbidity": fake.random_int(0, 20),
            **{name: fake.pybool() for name in ("died", "intensive", "readmitted")},
            "systolic": fake.random_int(50, 260),
            "heart_rate": fake.random_int(30, 220),
            "temperature": fake.pydecimal(2, 1, min_value=33, max_value=43),
            "creatinine": fake.pyfloat(min_value=0, max_value=20),
            "group": fake.random_element(GROUPS),
            "charge": fake.pydecimal(6, 2, positive=True),
            "payer": fake.random_element(PAYERS),
        }  # fmt: skip
    return time.process_time() - start


def mimesis(rows: int, schema: Schema) -> float:  # noqa: ARG001
    """Mimesis, a dictionary per row; values are independent."""
    from mimesis import Choice, Datetime, Development, Numeric  # noqa: PLC0415

    number, choice, date, yes = Numeric(), Choice(), Datetime(), Development()
    start = time.process_time()
    for row in range(rows):
        admitted, stay = date.date(2024, 2024), number.integer_number(0, 20)
        {
            "encounter_id": row,
            "age": number.integer_number(0, 110),
            "sex": choice(items=("F", "M")),
            "ward": choice(items=WARDS),
            "urgency": choice(items=URGENCIES),
            "diagnosis": choice(items=DIAGNOSES),
            "admitted": admitted,
            "stay": stay,
            "discharged": admitted + dt.timedelta(days=stay),
            "comorbidity": number.integer_number(0, 20),
            **{name: yes.boolean() for name in ("died", "intensive", "readmitted")},
            "systolic": number.integer_number(50, 260),
            "heart_rate": number.integer_number(30, 220),
            "temperature": number.float_number(33, 43, 1),
            "creatinine": number.float_number(0, 20),
            "group": choice(items=GROUPS),
            "charge": number.float_number(0, 99_999, 2),
            "payer": choice(items=PAYERS),
        }  # fmt: skip
    return time.process_time() - start


def sdv(rows: int, schema: Schema) -> float:
    """SDV's Gaussian copula, fitted to 2,000 of our rows; the fit is not counted."""
    import sdv.metadata  # noqa: PLC0415
    import sdv.single_table  # noqa: PLC0415

    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    random.seed(1)
    chunks = [chunk["encounter"] for chunk in RuleEngine(schema).stream(2_000, streams=Streams(2))]
    frame = Table.concat(chunks).to_pandas()
    texts = {name: object for name in frame.columns if str(frame[name].dtype) == "category"}
    frame = frame.astype({**texts, "charge": float, "temperature": float})
    kinds = {name: SDTYPES.get(column.kind, "numerical") for name, column in chunks[0].spec.columns.items()}
    columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
    metadata = sdv.metadata.Metadata.load_from_dict({"tables": {"encounter": {"columns": columns}}})
    synthesizer = sdv.single_table.GaussianCopulaSynthesizer(metadata)
    synthesizer.fit({"encounter": frame})
    start = time.process_time()
    synthesizer.sample(rows)
    return time.process_time() - start


RIVALS = (
    Rival("Faker", 5_000, faker),
    Rival("Mimesis", 20_000, mimesis),
    Rival("SDV Gaussian copula, drawn", 50_000, sdv),
)

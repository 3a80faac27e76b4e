"""The files of `sample_data/`, made from shipped schemas: ``python -m synthrec.rules.sample_data DIR``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from synthrec.assets import find_schema
from synthrec.data.sinks import open_sink
from synthrec.data.table import Records, Table, arrow_type
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.load import load_schema

ROOTS = {"inpatient": 10_000, "retail_bank": 2_000}
"""Root records by schema. Of fewer patients, a holdout of a fifth is too small for the default policy."""

SEED = 20_240_101


def main(folder: Path) -> None:
    """Write every sample file below a folder, the same bytes each time."""
    inpatient = _records("inpatient")
    _write(folder / "inpatient", inpatient)
    _write(folder / "retail_bank", _records("retail_bank"))
    _write(folder, {"admissions_flat": admissions_flat(inpatient)})


def _records(schema: str) -> Records:
    """All tables of one shipped schema in one chunk."""
    engine = RuleEngine(load_schema(find_schema(schema)))
    (records,) = engine.stream(ROOTS[schema], streams=Streams(SEED), chunk_rows=sys.maxsize)
    return records


def _write(folder: Path, records: Mapping[str, Table]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in records.items():
        with open_sink(folder / f"{name}.csv.gz", table.spec) as sink:
            sink.write(table)


def admissions_flat(inpatient: Records) -> Table:
    """Stays joined with their patients, as the schema `admissions_flat` has them."""
    name, spec = load_schema(find_schema("admissions_flat")).only_table
    stays, patients = inpatient["admission"].data, inpatient["patient"].data
    parents = patients.take(pc.index_in(_texts(stays, "patient_id"), _texts(patients, "patient_id")))
    full_name = pc.binary_join_element_wise(
        _texts(parents, "given_name"), _texts(parents, "family_name"), " "
    )
    columns = {column: parents[column] for column in parents.column_names}
    columns |= {column: stays[column] for column in stays.column_names} | {"patient_name": full_name}
    arrays = [columns[column].cast(arrow_type(content)) for column, content in spec.columns.items()]
    return Table(name, spec, pa.table(arrays, names=list(spec.columns)))


def _texts(table: pa.Table, column: str) -> pa.ChunkedArray:
    return table[column].cast(pa.string())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

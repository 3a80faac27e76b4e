"""The contribution bound: at most K rows of a person, chosen at random before anything else is done."""

from __future__ import annotations

import numpy as np

from synthrec.data.persons import person_ids
from synthrec.data.table import Table
from synthrec.rng import Streams


def bounded(table: Table, streams: Streams) -> Table:
    """The table with at most `max_rows_per_person` rows of each person, in their old order.

    Which rows of a person stay is drawn uniformly; a table without a bound, or within it, stays as it is.
    """
    limit = table.spec.max_rows_per_person
    if limit is None or len(table) == 0:
        return table
    persons = person_ids(table)
    if np.bincount(persons).max() <= limit:
        return table
    order = np.lexsort((streams.sampling("contribution").random(len(table)), persons))
    starts = np.flatnonzero(np.diff(persons[order], prepend=-1))
    rank = np.arange(len(table)) - np.repeat(starts, np.diff(starts, append=len(table)))
    return table.take(np.sort(order[rank < limit]))

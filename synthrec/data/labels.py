"""Label columns with the same levels in the same order for the same rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def compact(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same labels over sorted, distinct, used levels."""
    missing = array.is_null().to_numpy(zero_copy_only=False)
    codes = array.indices.fill_null(0).to_numpy()
    used = np.flatnonzero(np.bincount(codes[~missing], minlength=len(array.dictionary)))
    texts = array.dictionary.take(pa.array(used))
    levels = texts.unique()
    levels = levels.take(pc.sort_indices(levels))
    place = np.zeros(max(len(array.dictionary), 1), dtype=np.int32)
    place[used] = pc.index_in(texts, value_set=levels).to_numpy()
    return pa.DictionaryArray.from_arrays(pa.array(place[codes], mask=missing), levels)

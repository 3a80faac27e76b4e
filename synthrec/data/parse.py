"""One column from whatever a source held to its canonical Arrow array, with the reason why cells are refused.

What every source has in common: an empty text is missing, quoted or not, and so is a cell that equals one of
``null.codes`` (by text, and for numbers by value too). ``NA``, ``None`` and ``nan`` are values of label
columns and faults of number columns. Labels are kept letter by letter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthrec.data.labels import compact
from synthrec.data.reasons import Reason, Reasons
from synthrec.data.table import to_arrow
from synthrec.data.texts import Cells, read_texts
from synthrec.data.typed import read_labels, read_typed
from synthrec.schema.model import LABEL_KINDS, NUMERIC_KINDS, Column
from synthrec.schema.scalars import dtype, model_number
from synthrec.schema.vector import BoolArray, Vector


@dataclass(frozen=True, eq=False)
class Parsed:
    """A column in canonical Arrow type, and per cell why it is refused; both of length n."""

    array: pa.Array
    reasons: Reasons


def parse(array: pa.Array, column: Column) -> Parsed:
    """A column of text, labels or typed cells, as its kind says and never guessed."""
    array = _plain(array, column)
    parsed = _parse_labels(array, column) if column.kind in LABEL_KINDS else _parse_numbers(array, column)
    missing = parsed.array.is_null().to_numpy(zero_copy_only=False)
    refused = missing & (parsed.reasons == 0) & (not column.null.allowed)
    return Parsed(parsed.array, np.where(refused, np.int8(Reason.MISSING.number), parsed.reasons))


def _parse_labels(array: pa.Array, column: Column) -> Parsed:
    reasons = np.zeros(len(array), np.int8)
    if not _is_text(array.type):
        array, reasons = read_labels(array)
    encoded = _without(array, ["", *column.null.codes])
    labels = compact(encoded)
    zeros = _per_cell(labels, pc.match_substring(labels.dictionary, "\0"))
    reasons = np.where(zeros, np.int8(Reason.ZERO.number), reasons)
    return Parsed(labels, np.where(_unlisted(labels, column), np.int8(Reason.DOMAIN.number), reasons))


def _parse_numbers(array: pa.Array, column: Column) -> Parsed:
    if _is_text(array.type):
        encoded = _without(_trimmed(_without(array, [""])), column.null.codes)
        missing = encoded.is_null().to_numpy(zero_copy_only=False)
        cells = read_texts(encoded.dictionary, column).take(encoded.indices.fill_null(0).to_numpy())
    else:
        missing = array.is_null().to_numpy(zero_copy_only=False)
        cells = read_typed(array, column)
    missing = missing | _is_coded(cells, column)
    reasons = np.where(missing, np.int8(0), cells.reasons)
    values = np.where(missing | (reasons != 0), 0, cells.values).astype(dtype(column))
    outside = (reasons == 0) & ~missing & _outside(values, column)
    vector = Vector(values, missing | (reasons != 0))
    return Parsed(to_arrow(vector, column), np.where(outside, np.int8(Reason.DOMAIN.number), reasons))


def _plain(array: pa.Array, column: Column) -> pa.Array:
    """Without typed dictionaries, null columns, and not-a-number where that is a code."""
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    if pa.types.is_dictionary(array.type):
        text = _is_text(array.type.value_type)
        array = array.cast(pa.dictionary(pa.int32(), pa.string())) if text else array.dictionary_decode()
    elif _is_text(array.type):
        array = array.cast(pa.string())
    if pa.types.is_floating(array.type) and any(code.lower() == "nan" for code in column.null.codes):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return array


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _trimmed(array: pa.DictionaryArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(array.indices, pc.utf8_trim_whitespace(array.dictionary))


def _without(array: pa.Array, codes: Iterable[str]) -> pa.DictionaryArray:
    """Texts as labels, null where a text is one of the codes."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    coded = pc.is_in(encoded.dictionary, value_set=pa.array(list(codes), pa.string()))
    coded = pc.or_(coded, encoded.dictionary.is_null())
    if not pc.any(coded).as_py():
        return encoded
    lost = coded.take(encoded.indices)
    indices = pc.if_else(pc.fill_null(lost, True), pa.scalar(None, pa.int32()), encoded.indices)
    return pa.DictionaryArray.from_arrays(indices, encoded.dictionary)


def _is_coded(cells: Cells, column: Column) -> BoolArray:
    """Where the number itself is one of the codes for missing."""
    numbers = []
    for code in column.null.codes if column.kind in NUMERIC_KINDS else ():
        number = _code_number(code, column)
        if number is not None:
            numbers.append(number)
    return (
        np.isin(cells.values, numbers) & (cells.reasons == 0)
        if numbers
        else np.zeros(len(cells.values), bool)
    )


def _code_number(code: str, column: Column) -> int | float | None:
    try:
        number = model_number(code, column)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _unlisted(labels: pa.DictionaryArray, column: Column) -> BoolArray:
    if not _is_stated(column) or column.domain is None or column.domain.values is None:
        return np.zeros(len(labels), bool)
    listed = pc.is_in(labels.dictionary, value_set=pa.array(column.domain.labels, pa.string()))
    return _per_cell(labels, pc.invert(listed))


def _per_cell(labels: pa.DictionaryArray, levels: pa.BooleanArray) -> BoolArray:
    """What is said of each level, said of each cell that has it."""
    told: BoolArray = levels.take(labels.indices).fill_null(False).to_numpy(zero_copy_only=False)
    return told


def _outside(values: np.ndarray, column: Column) -> BoolArray:
    """Where a number lies outside the stated bounds and values; heaps are inside."""
    domain = column.domain
    result = np.zeros(len(values), bool)
    if domain is None or not _is_stated(column):
        return result
    if domain.min is not None:
        result |= values < model_number(domain.min, column)
    if domain.max is not None:
        result |= values > model_number(domain.max, column)
    if domain.values is not None:
        result |= ~np.isin(values, [model_number(value, column) for value in domain.values])
    return result & ~np.isin(values, [model_number(heap, column) for heap in column.heaps])


def _is_stated(column: Column) -> bool:
    """Whether people said what the column may hold; what was learned refuses nothing."""
    return column.domain is not None and column.domain.source in {"public", "declared"}

"""Synthesizers of SDV behind our contract, without differential privacy; needs the extra ``sdv``.

SDV sees codes: ordered columns as numbers, the others and missing values as it expects them. What it draws is
rounded and cut to the domain. Only rows that it drew are kept; see `synthrec.generators.bank`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from synthrec.codec.base import CodeArray, CodeDomain, Codes
from synthrec.errors import ConfigError
from synthrec.generators.bank import LARGEST, Bank, CtganBank, GaussianCopulaBank
from synthrec.generators.blockwise import check_size
from synthrec.rng import Streams

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 200
TABLE = "rows"
"""Name of the table, which SDV wants to have."""


@dataclass(frozen=True)
class SdvGenerator:
    """A synthesizer of SDV."""

    name: ClassVar[str]
    synthesizer: ClassVar[str]
    bank: ClassVar[type[Bank]]

    bank_rows: int | None = None
    """Rows to keep; twice the training rows where not given."""

    def __post_init__(self) -> None:
        """Refuse a bank of no rows, or of too many."""
        if self.bank_rows is not None and not 1 <= self.bank_rows <= LARGEST:
            raise ConfigError(f"bank_rows = {self.bank_rows}; give a number from 1 to {LARGEST:,}")

    def fit(self, codes: Codes, *, streams: Streams) -> Bank:
        """Fit the synthesizer and draw the bank.

        Raises:
            InputError: fewer than MIN_ROWS rows, no column, or more than MAX_COLUMNS.
            ConfigError: SDV is not installed.
        """
        check_size(codes, MAX_COLUMNS)
        rows = self.bank_rows or 2 * len(codes)
        seed = int(streams.sampling(f"{self.name}:fit").integers(2**31))
        with _quiet(seed):
            drawn = self._drawn(codes, rows)
        return self.bank(Codes(drawn, codes.domain))

    def _drawn(self, codes: Codes, rows: int) -> CodeArray:
        frame = frame_of(codes)
        synthesizer = _make(self.synthesizer, codes.domain)
        synthesizer.fit({TABLE: frame})
        return codes_of(synthesizer.sample(rows)[TABLE], codes.domain)


class SdvGaussianCopula(SdvGenerator):
    """SDV's Gaussian copula."""

    name = "sdv-gaussian-copula"
    synthesizer = "GaussianCopulaSynthesizer"
    bank = GaussianCopulaBank


class SdvCtgan(SdvGenerator):
    """SDV's CTGAN, with its own defaults."""

    name = "sdv-ctgan"
    synthesizer = "CTGANSynthesizer"
    bank = CtganBank


def frame_of(codes: Codes) -> pd.DataFrame:
    """Codes as SDV expects them: floats with NaN for ordered columns, else text; columns are numbered."""
    import pandas as pd  # noqa: PLC0415

    domain, columns = codes.domain, {}
    for j, (size, ordered, missing) in enumerate(_layout(domain)):
        column = codes.values[:, j]
        gone = (column == size - 1) & missing
        if ordered:
            columns[f"c{j}"] = pd.Series(np.where(gone, np.nan, column))
        else:
            columns[f"c{j}"] = pd.Series(np.char.add("v", column.astype(str)), dtype=object)
    return pd.DataFrame(columns)


def codes_of(frame: pd.DataFrame, domain: CodeDomain) -> CodeArray:
    """The codes of what SDV drew, rounded and cut to the domain, int32 of shape (n, d)."""
    columns = []
    for j, (size, ordered, missing) in enumerate(_layout(domain)):
        drawn = frame[f"c{j}"]
        if ordered:
            values = drawn.to_numpy(dtype=np.float64)
            numbers = np.clip(np.rint(np.nan_to_num(values)), 0, size - 1 - missing)
            columns.append(np.where(np.isnan(values) & missing, size - 1, numbers))
        else:
            columns.append(drawn.str.slice(1).astype(int).to_numpy())
    return np.stack(columns, axis=1).astype(np.int32)


def _layout(domain: CodeDomain) -> Iterator[tuple[int, bool, bool]]:
    yield from zip(domain.sizes, domain.ordered, domain.missing, strict=True)


def _make(synthesizer: str, domain: CodeDomain) -> Any:
    """A synthesizer for frames of the domain."""
    try:
        from sdv import single_table  # noqa: PLC0415
        from sdv.metadata import Metadata  # noqa: PLC0415
    except ImportError:
        raise ConfigError("SDV is not installed; install it: pip install 'synthrec[sdv]'") from None
    kinds = ("numerical" if ordered else "categorical" for ordered in domain.ordered)
    columns = {f"c{j}": {"sdtype": kind} for j, kind in enumerate(kinds)}
    metadata = Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}})
    return getattr(single_table, synthesizer)(metadata)


@contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """Seed the global states that SDV draws from, put them back afterwards, and keep its warnings inside."""
    import torch  # noqa: PLC0415

    state = np.random.get_state()  # noqa: NPY002
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002

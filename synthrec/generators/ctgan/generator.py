"""Fitting: train, keep the best generator by held-out rows, and set its 1-way shares right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthrec.codec.base import Codes
from synthrec.errors import ConfigError
from synthrec.generators.blockwise import check_size
from synthrec.generators.ctgan.conditions import Conditions, RowsByGroup
from synthrec.generators.ctgan.fitted import CtganFitted, draw_groups, draw_inputs
from synthrec.generators.ctgan.forward import Network
from synthrec.generators.ctgan.layout import Layout, Single, off_diagonal, pair_shares
from synthrec.privacy.counts import FloatArray
from synthrec.rng import Streams
from synthrec.schema.vector import IntArray

MAX_COLUMNS = 200
HELD_OUT = 0.1
"""Share of the rows that only decide when to stop."""
CHECK_EVERY, PATIENCE = 50, 3
"""Training ends after so many checks without a better generator."""
CHECKED = 8_000
"""Rows drawn for a check."""
CALIBRATIONS, CALIBRATED = 12, 32_768
"""Rounds in which the logits are shifted towards the 1-way shares, and rows over which these are taken."""
NEVER = -1e5
"""Added to the logit of a group that no row has."""


@dataclass(frozen=True)
class CtganGenerator:
    """CTGAN without differential privacy."""

    name: ClassVar[str] = "ctgan"

    steps: int = 400
    """Most steps of training, 500 rows each; on UCI Adult 900 scored better at twice the time."""

    def __post_init__(self) -> None:
        """Refuse a training of no steps."""
        if self.steps < 1:
            raise ConfigError(f"steps = {self.steps}; give at least 1")

    def fit(self, codes: Codes, *, streams: Streams) -> CtganFitted:
        """Train until held-out rows show no gain; on one machine, the same rows and streams give one model.

        Raises:
            InputError: fewer than MIN_ROWS rows, no column, or more than MAX_COLUMNS.
        """
        check_size(codes, MAX_COLUMNS)
        sizes = enumerate(codes.domain.sizes)
        counts = [np.bincount(codes.values[:, j], minlength=size).astype(np.float64) for j, size in sizes]
        layout = Layout.of(codes.domain, counts)
        groups = layout.groups(codes.values)
        drawn = Conditions.as_they_are(layout, layout.counts(groups))
        network = self._trained(groups, drawn, streams.sampling("ctgan:fit"))
        return CtganFitted(calibrated(network, drawn, streams.sampling("ctgan:calibrate")), drawn, self.steps)

    def _trained(self, groups: IntArray, drawn: Conditions, rng: np.random.Generator) -> Network:
        """The generator that came closest to the held-out rows."""
        from synthrec.generators.ctgan.training import Material, Training  # noqa: PLC0415

        layout = drawn.layout
        held, kept = np.split(rng.permutation(groups), [int(HELD_OUT * len(groups))])
        asked = Conditions.by_logarithm(layout, layout.counts(kept))
        training = Training(
            Material(layout, RowsByGroup(layout, kept), asked, drawn), rng, int(rng.integers(2**63))
        )
        best, found, worse = np.inf, training.network(), 0
        while training.steps < self.steps and worse < PATIENCE:
            for _ in range(min(CHECK_EVERY, self.steps - training.steps)):
                training.step(training.steps / self.steps)
            network = training.network()
            loss = pair_distance(layout, draw_groups(network, drawn, rng, CHECKED), held)
            worse = 0 if loss < best else worse + 1
            if not worse:
                best, found = loss, network
        return found


def pair_distance(layout: Layout, first: IntArray, second: IntArray) -> float:
    """Mean total variation distance of all pairs of columns."""
    gap = np.abs(pair_shares(layout, first) - pair_shares(layout, second)) * off_diagonal(layout)
    columns = len(layout.sizes)
    return float(gap.sum() / 2 / max(columns * (columns - 1), 1))


def calibrated(network: Network, drawn: Conditions, rng: np.random.Generator) -> Network:
    """The network with its logits shifted until its 1-way shares are those of the rows.

    Shares are expected ones, over many noises and conditions that stay the same in all rounds.
    """
    layout = drawn.layout
    wanted: FloatArray = np.concatenate(drawn.shares)
    network = network.shifted(np.where(wanted > 0, 0, NEVER).astype(np.float32))
    logits = [network.unshifted(draw_inputs(network, drawn, rng, CALIBRATED // 8)) for _ in range(8)]
    for _ in range(CALIBRATIONS):
        found = np.mean([expected_shares(part + network.out.bias, layout) for part in logits], axis=0)
        shift = np.log(np.where(wanted > 0, wanted, 1) / np.where(wanted > 0, np.maximum(found, 1e-9), 1))
        network = network.shifted(np.clip(shift, -2, 2).astype(np.float32))
    return network


def expected_shares(logits: Single, layout: Layout) -> FloatArray:
    """Mean share of every group, shape (width,)."""
    parts = np.split(logits, layout.offsets[1:-1], axis=1)
    weights = (np.exp(part - part.max(1, keepdims=True)) for part in parts)
    return np.concatenate([(part / part.sum(1, keepdims=True)).mean(0, dtype=np.float64) for part in weights])

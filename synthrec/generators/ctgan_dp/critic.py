"""The private critic: a person's rows beside rows of the generator, one gradient per person."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from synthrec.generators.ctgan.conditions import Conditions
from synthrec.generators.ctgan.fitted import draw_inputs
from synthrec.generators.ctgan.forward import Network
from synthrec.generators.ctgan.training import TEMPERATURE, Training
from synthrec.privacy.curator import Curator, RowVectors
from synthrec.privacy.dpsgd import PersonTraining

HIDDEN, SLOPE = 64, 0.2
CLIP = 1.0
RATE = 2e-3
FOLLOWING = 2e-4
"""Step size of the generator while it follows the critic."""
FAKES = 8
"""Rows of the generator that each person is held against."""
REFRESHED = 10
"""Steps between two looks of the critic at a newer generator."""


class RowCritic(nn.Module):
    """How real a row looks; rows are never seen together."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, HIDDEN), nn.LeakyReLU(SLOPE), nn.Linear(HIDDEN, 1))

    def forward(self, rows: Tensor) -> Tensor:
        """Scores of shape (…,) from rows of shape (…, width)."""
        scores: Tensor = self.layers(rows)
        return scores[..., 0]


def person_loss(module: nn.Module, persons: Tensor, companions: Tensor) -> Tensor:
    """Non-saturating loss of each person, shape (B,): the mean over its rows, and the mean over the fakes.

    Args:
        module: The critic.
        persons: Indicators and weights of rows, shape (B, K, width + 1).
        companions: The step's fakes, the same for each person, shape (B, FAKES, width).
    """
    rows = persons.shape[1]
    scores = module(torch.cat([persons[..., :-1], companions], 1))
    real = (softplus(-scores[:, :rows]) * persons[..., -1]).sum(1)
    return real + softplus(scores[:, rows:]).mean(1)


def refine(training: Training, curator: Curator, event: str, rows: RowVectors, persons: float) -> None:
    """Take every step of the event, the generator following the critic after each.

    Args:
        training: The generator, trained on released things alone.
        curator: The private rows.
        event: A `SampledGaussianEvent` of its plan.
        rows: Indicators of each row, shape (n, width).
        persons: Number of persons as released.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        critic = RowCritic(training.material.layout.width).to(training.device)
    optimizer = torch.optim.Adam(critic.parameters(), lr=RATE)
    private = PersonTraining(curator, event, rows, critic, optimizer, clip=CLIP, persons=persons)
    network = training.network()
    while private.left:
        if private.left % REFRESHED == 0:
            network = training.network()
        chance = np.random.Generator(np.random.PCG64DXSM([training.seed, private.left]))
        drawn = fakes(network, training.material.drawn, chance)
        private.step(person_loss, partial(_beside_each, drawn))
        training.follow(critic, FOLLOWING)


def _beside_each(drawn: Tensor, persons: int) -> Tensor:
    return drawn.expand(persons, *drawn.shape)


def fakes(network: Network, conditions: Conditions, chance: np.random.Generator) -> Tensor:
    """The rows of the generator that a step's critic sees, shape (FAKES, width).

    They are as many in every step, and the same beside each person. Were there one for each sampled person,
    normalised over the sample as generators usually are, a person who joins would change the fakes of all
    others, and with them their gradients.
    """
    logits = network.logits(draw_inputs(network, conditions, chance, FAKES))
    uniform = chance.random(logits.shape, dtype=np.float32).clip(1e-9, 1 - 1e-7)
    warm = (logits - np.log(-np.log(uniform))) / TEMPERATURE
    parts = np.split(warm, conditions.layout.offsets[1:-1], axis=1)
    weights = [np.exp(part - part.max(1, keepdims=True)) for part in parts]
    shares = np.concatenate([part / part.sum(1, keepdims=True) for part in weights], axis=1)
    return torch.from_numpy(shares.astype(np.float32))

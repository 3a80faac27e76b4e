"""The likelihood that DP-SGD maximises: scores as a normal vector with precision matrix A'A, A triangular."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from synthrec.generators.copula.marginals import FloatArray
from synthrec.privacy.curator import Curator, RowVectors
from synthrec.privacy.dpsgd import PersonTraining

CLIP_PER_ENTRY = 0.73
"""Clipping norm over the root of the number of parameters."""

RATE = 0.1
FINAL_RATE = 0.05
"""Last step size over the first; cosine in between."""

AVERAGED = 0.3
"""Share of the steps, the last, whose iterates are averaged (Polyak and Juditsky 1992)."""


class PrecisionFactor(nn.Module):
    """Negative log likelihood of each person's scores, up to a constant; a leaf for per-person gradients."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.below = nn.Parameter(torch.zeros(width * (width - 1) // 2))
        self.log_diagonal = nn.Parameter(torch.zeros(width))
        self._places = tuple(torch.tril_indices(width, width, -1))

    def factor(self) -> Tensor:
        """The lower-triangular matrix A, shape (d, d)."""
        return torch.diag(torch.exp(self.log_diagonal)).index_put(self._places, self.below)

    def forward(self, persons: Tensor) -> Tensor:
        """Mean over a person's rows of ½|Az|² - log det A: (B, K, d + 1), weights last, to (B,)."""
        latent = persons[..., :-1] @ self.factor().T
        return 0.5 * ((latent * latent).sum(-1) * persons[..., -1]).sum(-1) - self.log_diagonal.sum()


def trained_correlation(
    curator: Curator, event: str, rows: RowVectors, width: int, persons: float
) -> FloatArray:
    """Correlations of standardised scores by DP-SGD, shape (d, d)."""
    torch.set_num_threads(1)
    model = PrecisionFactor(width)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    size = sum(parameter.numel() for parameter in model.parameters())
    clip = CLIP_PER_ENTRY * size**0.5
    training = PersonTraining(curator, event, rows, model, optimizer, clip=clip, persons=persons)
    steps = training.left
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=RATE * FINAL_RATE)
    total, kept = torch.zeros(width, width, dtype=torch.float64), 0
    for taken in range(1, steps + 1):
        training.step(_loss)
        schedule.step()
        if taken > steps * (1 - AVERAGED):
            total += model.factor().detach().double()
            kept += 1
    return _correlation((total / kept).numpy())


def _loss(module: nn.Module, persons: Tensor, companions: Tensor) -> Tensor:  # noqa: ARG001
    losses: Tensor = module(persons)
    return losses


def _correlation(factor: FloatArray) -> FloatArray:
    covariance = np.linalg.inv(factor.T @ factor)
    scale = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(scale, scale))

"""Training: generator against critic, with the condition asked for and the pairs of columns held to the rows.

The critic is trained by the Wasserstein loss with gradient penalty (Gulrajani et al. 2017), the penalty at
every fourth step only (lazy regularisation, Karras et al. 2020, appendix B). The generator has three losses:
the critic's; the cross-entropy of the condition it was asked for (Xu et al. 2019, section 4.3); and the
squared error of its 2-way shares over a batch, whose gradient is far less noisy than the critic's.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from synthrec.generators.ctgan.conditions import Conditions, RowsByGroup
from synthrec.generators.ctgan.forward import Network
from synthrec.generators.ctgan.layout import Layout, Single, off_diagonal, pair_shares
from synthrec.generators.ctgan.networks import NOISE, CriticNet, GeneratorNet

BATCH = 500
PACK = 10
RATE = 2e-3
BETAS = (0.5, 0.9)
DECAY = 3.0
"""The rate falls over the last 1 / DECAY of the training."""
PENALTY, PENALTY_EVERY = 10.0, 4
TEMPERATURE = 0.2
"""Of the Gumbel-softmax (Jang, Gu and Poole 2017) that the critic sees."""
PAIRS = 1_500.0
"""Weight of the squared error of 2-way shares."""
AVERAGING = 0.995
"""Share of the old weights in the moving average that draws (Yazici et al. 2019)."""


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True, eq=False)
class Material:
    """What is trained on."""

    layout: Layout
    rows: RowsByGroup
    asked: Conditions
    """Conditions of training, rare groups more often than they are."""
    drawn: Conditions
    """Conditions as often as they are."""


@dataclass(eq=False)
class Training:
    """Both networks and their optimisers."""

    material: Material
    rng: np.random.Generator
    seed: int
    device: torch.device = field(default_factory=_device)
    steps: int = 0

    def __post_init__(self) -> None:
        """Networks with weights that follow from the seed."""
        layout = self.material.layout
        torch.set_num_threads(1)
        self._torch = torch.Generator(self.device).manual_seed(self.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.generator = GeneratorNet(NOISE, layout.width).to(self.device)
            self.critic = CriticNet(layout.width, PACK).to(self.device)
        self.average = deepcopy(self.generator).requires_grad_(False)
        self._pairs = self._tensor(pair_shares(layout, self.material.rows.groups))
        self._blocks = self._tensor(off_diagonal(layout))
        self._optimisers = [
            torch.optim.Adam(net.parameters(), lr=RATE, betas=BETAS) for net in (self.generator, self.critic)
        ]

    def step(self, part: float) -> None:
        """One step of the critic and one of the generator; `part` of the training is over."""
        for optimiser in self._optimisers:
            optimiser.param_groups[0]["lr"] = RATE * min(1.0, DECAY * (1 - part))
        columns, groups = self.material.asked.draw(self.rng, BATCH)
        real = self.material.layout.indicators(
            self.material.rows.groups[self.material.rows.draw(self.rng, columns, groups)]
        )
        condition = self._tensor(self.material.asked.indicators(columns, groups))
        self._critic_step(self._tensor(real), condition)
        self._generator_step(condition)
        self.steps += 1

    def _critic_step(self, real: Tensor, condition: Tensor) -> None:
        with torch.no_grad():
            fake = self._soft(self._logits(condition))
        loss = self.critic(fake).mean() - self.critic(real).mean()
        if self.steps % PENALTY_EVERY == 0:
            loss = loss + PENALTY_EVERY * PENALTY * self._penalty(real, fake)
        self._descend(1, loss)

    def _generator_step(self, condition: Tensor) -> None:
        logits = self._logits(torch.cat([condition, self._free(BATCH)]))
        asked, drawn = logits[:BATCH], logits[BATCH:]
        chosen = (torch.log(self._shares(asked) + 1e-9) * condition).sum(1)
        loss = -self.critic(self._soft(asked)).mean() - chosen.mean() + PAIRS * self._pair_error(drawn)
        self._descend(0, loss)
        self._average()

    def follow(self, critic: nn.Module, rate: float) -> None:
        """One step of the generator towards what another critic takes for real."""
        logits = self._logits(self._free(BATCH))
        loss = softplus(-critic(self._soft(logits))).mean() + PAIRS * self._pair_error(logits)
        self._optimisers[0].param_groups[0]["lr"] = rate
        self._descend(0, loss)
        self._average()

    def _free(self, rows: int) -> Tensor:
        natural = self.material.drawn
        return self._tensor(natural.indicators(*natural.draw(self.rng, rows)))

    def _average(self) -> None:
        with torch.no_grad():
            for old, new in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                old.lerp_(new, 1 - AVERAGING)

    def _pair_error(self, logits: Tensor) -> Tensor:
        shares = self._shares(logits)
        error = (shares.T @ shares / len(shares) - self._pairs) * self._blocks
        return error.square().sum()

    def _penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        mix = torch.rand(len(real) // PACK, 1, 1, generator=self._torch, device=self.device)
        between = real.reshape(len(mix), PACK, -1) * mix + fake.reshape(len(mix), PACK, -1) * (1 - mix)
        between = between.reshape(len(real), -1).requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
        norms: Tensor = gradient.reshape(len(mix), -1).norm(dim=1)
        return (norms - 1).square().mean()

    def _logits(self, condition: Tensor) -> Tensor:
        noise = torch.randn(len(condition), NOISE, generator=self._torch, device=self.device)
        logits: Tensor = self.generator(torch.cat([noise, condition], 1))
        return logits

    def _shares(self, logits: Tensor) -> Tensor:
        parts = torch.split(logits, list(self.material.layout.sizes), 1)
        return torch.cat([part.softmax(1) for part in parts], 1)

    def _soft(self, logits: Tensor) -> Tensor:
        uniform = torch.rand(logits.shape, generator=self._torch, device=self.device).clamp_(1e-9, 1 - 1e-7)
        return self._shares((logits - torch.log(-torch.log(uniform))) / TEMPERATURE)

    def _descend(self, which: int, loss: Tensor) -> None:
        self._optimisers[which].zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimisers[which].step()

    def _tensor(self, rows: Single) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float32)).to(self.device)

    def network(self) -> Network:
        """The averaged generator, its normalisations measured again under the conditions of drawing."""
        for module in self.average.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.reset_running_stats()
                module.momentum = None
        self.average.train()
        with torch.no_grad():
            for _ in range(10):
                noise = torch.randn(BATCH, NOISE, generator=self._torch, device=self.device)
                self.average(torch.cat([noise, self._free(BATCH)], 1))
        return self.average.folded()

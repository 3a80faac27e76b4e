"""DP-SGD on persons, through Opacus: the one place that touches it.

Abadi et al. 2016, Deep Learning with Differential Privacy, Algorithm 1, with a person in the place of an
example: each step draws every person by an independent coin (Poisson sampling), clips the gradient of the
person's summed loss, and adds Gaussian noise to the sum. The caller supplies a module and a loss, never a
batch, so that shuffled or fixed batches cannot be written. Coins and noise come from the curator's entropy;
the seed of torch has no part in them. An empty sample still makes a noised step. The divisor of the sum is
the sampling rate times a released or public number of persons, never the size of the sample.

Norms are clipped a little below the claimed bound, which covers the rounding of float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer
from opacus.optimizers.optimizer import _mark_as_processed
from opacus.validators import ModuleValidator
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.utils import parametrize

from synthrec.errors import InternalError
from synthrec.privacy.curator import Curator, RowVectors
from synthrec.privacy.events import SampledGaussianEvent
from synthrec.privacy.extremes import SLACK

PROBES = 64
"""Entries of the probe parameter, whose gradient is zero for everyone."""

PHANTOMS = 256
"""Persons without rows that are sampled too, so that sample sizes can be held against their distribution."""

MARGIN = 1 - 2.0**-14
"""Clipping norm over the claimed bound: room for float32 rounding of norms and sums."""

LARGEST_GRADIENT = 1e12
"""Entries of a gradient are cut here, and NaN counts as 0, so that its norm is finite."""

GRADIENTS_AT_ONCE = 2**26
"""Entries of person gradients held at once; larger samples are clipped and summed in parts."""


class PersonLoss(Protocol):
    """The loss of each person."""

    def __call__(self, module: nn.Module, persons: Tensor, companions: Tensor) -> Tensor:
        """Losses of shape (B,), each from its own person and companion alone.

        Args:
            module: The module under training, its input batched by person.
            persons: Shape (B, K, d + 1); the last feature is the row's weight, 1/n for the n rows of a person
                and 0 for padding.
            companions: What `companions(B)` gave, first dimension B.
        """


Companions = Callable[[int], Tensor]
"""B things made without data that go with B persons (fakes of a critic), the same whoever the persons are."""


def no_companions(count: int) -> Tensor:
    """Companions of losses that need none."""
    return torch.zeros(count, 0)


class _PersonOptimizer(DPOptimizer):  # type: ignore[misc]  # opacus is untyped
    """`DPOptimizer` with noise from the curator's entropy, finite gradients and a probe parameter."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        curator: Curator,
        event: SampledGaussianEvent,
        *,
        clip: float,
        divisor: float,
    ) -> None:
        self._probe = nn.Parameter(torch.zeros(PROBES))
        self._curator, self._event, self._bound = curator, event, clip
        super().__init__(
            optimizer,
            noise_multiplier=event.noise_multiplier,
            max_grad_norm=clip * MARGIN,
            expected_batch_size=divisor,
        )

    @property
    def params(self) -> list[nn.Parameter]:
        """The optimised parameters, then the probe."""
        return [*super().params, self._probe]

    def clip_and_accumulate(self) -> None:
        """Clip and add the gradients, the probe's zeros among them."""
        for parameter in self.params[:-1]:
            gradients = parameter.grad_sample
            torch.nan_to_num_(gradients, nan=0.0, posinf=LARGEST_GRADIENT, neginf=-LARGEST_GRADIENT)
            gradients.clamp_(-LARGEST_GRADIENT, LARGEST_GRADIENT)
        super().clip_and_accumulate()

    def summed(self) -> Tensor:
        """The sum of clipped gradients in claimed norms, float64, flat; the probe last."""
        parts = [parameter.summed_grad.reshape(-1).to("cpu", torch.float64) for parameter in self.params]
        return torch.cat(parts) / self._bound

    def add_noise(self) -> None:
        """Add Gaussians of the curator's entropy to the sum."""
        exact = self.summed().numpy()
        noised = exact + self._curator.entropy.reals(self.noise_multiplier, len(exact))
        answer = self._curator.transcript.answered(self._event.name, exact, noised)
        self._curator.probes(self._event.name).add(answer[-PROBES:], self._event.noise_multiplier)
        self._spread(torch.from_numpy(answer * self._bound))

    def _spread(self, flat: Tensor) -> None:
        parameters = self.params
        parts = flat.split([parameter.numel() for parameter in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.to(parameter).view_as(parameter)
            _mark_as_processed(parameter.summed_grad)


class PersonTraining:
    """The steps of one `SampledGaussianEvent`: as many as the plan has, and not one more.

    Between steps the module may be used for anything; gradients by person are taken within steps alone.

    Args:
        curator: The private rows.
        event: Name of the event.
        rows: Features of each row, from the row and from released answers alone.
        module: What is trained; every layer keeps persons apart and has no buffers.
        optimizer: Over the module's parameters.
        clip: Norm to which the gradient of a person is clipped.
        persons: Number of persons as released or as public, for the divisor of the sums.

    Raises:
        InternalError: a layer that mixes persons or keeps statistics, or an event begun before.
    """

    def __init__(  # noqa: PLR0913
        self,
        curator: Curator,
        event: str,
        rows: RowVectors,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        clip: float,
        persons: float,
    ) -> None:
        check_layers(module)
        self._event = curator.open(event, SampledGaussianEvent)
        self._curator = curator
        self._rows = curator.person_rows(rows)
        self._extremes = curator.extreme_rows(rows)
        self._module = GradSampleModule(module, loss_reduction="sum")
        self._module.disable_hooks()
        divisor = max(self._event.sampling_rate * persons, 1.0)
        self._optimizer = _PersonOptimizer(optimizer, curator, self._event, clip=clip, divisor=divisor)
        self._taken = 0

    @property
    def left(self) -> int:
        """Steps that the plan still allows."""
        return self._event.steps - self._taken

    def step(self, loss: PersonLoss, companions: Companions = no_companions) -> None:
        """One noised step of the optimizer on a Poisson sample of persons.

        Raises:
            InternalError: no step is left, or the loss does not give one gradient for each person.
        """
        if not self.left:
            raise InternalError(f"event {self._event.name} has {self._event.steps} steps, all taken")
        if self._taken == 0 or self.left == 1:
            self._check_sensitivity(loss, companions)
        self._taken += 1
        *first, last = self._parts(self._sample())
        for part in first:
            self._optimizer.signal_skip_step(do_skip=True)
            self._accumulate(loss, part, companions)
        self._optimizer.signal_skip_step(do_skip=False)
        self._accumulate(loss, last, companions)

    def _sample(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Numbers of the persons whose coin fell on their side."""
        rate, persons = self._event.sampling_rate, len(self._rows.people)
        coins = self._curator.entropy.chosen(rate, persons + PHANTOMS)
        self._curator.sample_sizes.add(int(coins.sum()), persons + PHANTOMS, rate)
        return np.flatnonzero(coins[:persons])

    def _parts(self, chosen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Iterator[Tensor]:
        """The sample in parts whose gradients fit in memory; one empty part where nobody was chosen."""
        size = max(GRADIENTS_AT_ONCE // sum(item.numel() for item in self._module.parameters()), 1)
        for start in range(0, max(len(chosen), 1), size):
            yield torch.from_numpy(self._rows.batch(chosen[start : start + size]))

    def _accumulate(self, loss: PersonLoss, persons: Tensor, companions: Companions) -> None:
        self._gradients(loss, persons, companions(len(persons)))
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def _gradients(self, loss: PersonLoss, persons: Tensor, companions: Tensor) -> None:
        """Leave one gradient per person in every parameter's `grad_sample`."""
        count = len(persons)
        optimized = self._optimizer.params
        for parameter in optimized:
            parameter.grad_sample = None
        if count:
            device = next(self._module.parameters()).device
            asked = persons.to(device).detach().requires_grad_()
            self._module.enable_hooks()
            try:
                losses = loss(self._module, asked, companions.to(device))
                if losses.shape != (count,):
                    raise InternalError(f"{count} persons need {count} losses, not {tuple(losses.shape)}")
                losses.sum().backward()
            finally:
                self._module.disable_hooks()
        else:
            for parameter in optimized:
                parameter.grad_sample = parameter.new_zeros((0, *parameter.shape))
        self._optimizer.params[-1].grad_sample = torch.zeros(count, PROBES)
        for parameter in optimized:
            held = parameter.grad_sample
            if not isinstance(held, Tensor) or held.shape != (count, *parameter.shape):
                raise InternalError(
                    f"{count} persons did not give {count} gradients; is a sample one person?"
                )

    def _check_sensitivity(self, loss: PersonLoss, companions: Companions) -> None:
        """Drop each extreme person in turn: the sum of clipped gradients moves by at most one norm.

        Companions are asked for anew, so that those which change with the number of persons are found.
        """
        number = len(self._extremes.people)
        everyone = torch.from_numpy(self._extremes.batch(np.arange(number)))
        sums = [self._clipped_sum(loss, everyone, companions(number))]
        for leaver in range(number):
            staying = torch.arange(number) != leaver
            sums.append(self._clipped_sum(loss, everyone[staying], companions(number - 1)))
        moved = max(float((sums[0] - other).norm()) for other in sums[1:])
        self._curator.report_bound(holds=moved <= 1 + 1e-6)

    def _clipped_sum(self, loss: PersonLoss, persons: Tensor, companions: Tensor) -> Tensor:
        def steep(module: nn.Module, persons: Tensor, companions: Tensor) -> Tensor:
            return loss(module, persons, companions) * SLACK

        self._gradients(steep, persons, companions)
        self._optimizer.clip_and_accumulate()
        summed = self._optimizer.summed()
        self._optimizer.zero_grad(set_to_none=True)
        return summed


def check_layers(module: nn.Module) -> None:
    """Refuse layers under which a person's gradient depends on others, on the past or on chance.

    Raises:
        InternalError: batch or instance norm, dropout, buffers, spectral norm or other parametrisations; the
            layers are named.
    """
    refused = [
        type(layer).__name__
        for layer in module.modules()
        if isinstance(layer, _BatchNorm | _NormBase | _DropoutNd)
        or any(True for _ in layer.buffers(recurse=False))
        or parametrize.is_parametrized(layer)
        or layer._forward_pre_hooks  # noqa: SLF001
    ]
    if refused:
        raise InternalError(f"layers that DP-SGD cannot bound per person: {', '.join(sorted(set(refused)))}")
    ModuleValidator.validate(module, strict=True)

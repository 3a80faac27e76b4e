"""The trained generator without torch: what drawing needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synthrec.generators.ctgan.layout import Single


@dataclass(frozen=True, eq=False)
class Layer:
    """One affine map."""

    weight: Single
    """Shape (inputs, outputs)."""
    bias: Single
    """Shape (outputs,)."""


@dataclass(frozen=True, eq=False)
class Network:
    """Hidden layers, each appended to its input, and the layer of logits."""

    noise: int
    """Inputs that are standard normal; the others are the condition."""
    hidden: tuple[Layer, ...]
    out: Layer

    def logits(self, inputs: Single) -> Single:
        """Logits of shape (n, width) from noise and condition, shape (n, noise + width)."""
        return self.unshifted(inputs) + self.out.bias

    def unshifted(self, inputs: Single) -> Single:
        """The logits before the last bias is added, which `shifted` leaves as they are."""
        rows = inputs
        for layer in self.hidden:
            rows = np.concatenate([np.maximum(rows @ layer.weight + layer.bias, 0), rows], axis=1)
        return np.asarray(rows @ self.out.weight)

    def shifted(self, logits: Single) -> Network:
        """The network with something added to its logits."""
        return replace(self, out=replace(self.out, bias=self.out.bias + logits))

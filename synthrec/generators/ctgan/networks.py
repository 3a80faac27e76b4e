"""The two networks, in torch; only training needs them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synthrec.errors import InternalError
from synthrec.generators.ctgan.forward import Layer, Network

HIDDEN = 256
NOISE = 64
SLOPE = 0.2


class Hidden(nn.Module):
    """One normalised layer, appended to its input."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, hidden)
        self.norm = nn.BatchNorm1d(hidden)

    def forward(self, rows: Tensor) -> Tensor:
        """Shape (B, hidden + inputs)."""
        return torch.cat([torch.relu(self.norm(self.linear(rows))), rows], 1)

    def folded(self) -> Layer:
        """The layer with its normalisation folded into it, by the statistics measured last."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        if mean is None or variance is None:
            raise InternalError("a normalisation without statistics")
        scale = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        bias = (self.linear.bias - mean) * scale + self.norm.bias
        return _layer(self.linear.weight * scale[:, None], bias)


class GeneratorNet(nn.Module):
    """Noise and condition to logits of all groups."""

    def __init__(self, noise: int, width: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.noise = noise
        inputs = noise + width
        self.first, self.second = Hidden(inputs, hidden), Hidden(inputs + hidden, hidden)
        self.out = nn.Linear(inputs + 2 * hidden, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of shape (B, width) from noise and condition, shape (B, noise + width)."""
        logits: Tensor = self.out(self.second(self.first(inputs)))
        return logits

    def folded(self) -> Network:
        """The network for drawing."""
        hidden = (self.first.folded(), self.second.folded())
        return Network(self.noise, hidden, _layer(self.out.weight, self.out.bias))


class CriticNet(nn.Module):
    """How real packs of rows look; rows of a pack are judged together (PacGAN, Lin et al. 2018)."""

    def __init__(self, width: int, pack: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.pack = pack
        self.layers = nn.Sequential(
            nn.Linear(width * pack, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, 1),
        )

    def forward(self, rows: Tensor) -> Tensor:
        """One score per pack, shape (B / pack,), from rows of shape (B, width)."""
        scores: Tensor = self.layers(rows.reshape(len(rows) // self.pack, -1))
        return scores[:, 0]


def _layer(weight: Tensor, bias: Tensor) -> Layer:
    return Layer(weight.detach().cpu().numpy().T.copy(), bias.detach().cpu().numpy().copy())

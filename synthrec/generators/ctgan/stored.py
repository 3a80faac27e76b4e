"""The trained generator as arrays, and back with every array checked before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeDomain
from synthrec.errors import VerificationError
from synthrec.generators.base import Arrays
from synthrec.generators.ctgan.conditions import Conditions
from synthrec.generators.ctgan.forward import Layer, Network
from synthrec.generators.ctgan.layout import Layout
from synthrec.generators.marginals.grouping import restored

MOST_HIDDEN = 8
"""Hidden layers at most."""
LARGEST = 1e6
"""Size of a weight or bias at most; logits of such weights are finite in float32."""
_TOLERANCE = 1e-4
_BASE = frozenset({"groups", "within", "asked", "weight", "bias"})


def pack(network: Network, conditions: Conditions) -> dict[str, NDArray[np.generic]]:
    """Arrays of a network of h hidden layers over d columns of K_j levels in k_j groups.

    groups (sum K,) int32; within (sum K,) float64; asked (sum k,) float64, the shares of the conditions;
    weight0, bias0, … float32 of the hidden layers; weight and bias of the layer of logits.
    """
    groupings = conditions.layout.groupings
    arrays: dict[str, NDArray[np.generic]] = {
        "groups": np.concatenate([part.groups for part in groupings]).astype(np.int32),
        "within": np.concatenate([part.within for part in groupings]).astype(np.float64),
        "asked": np.concatenate(conditions.shares).astype(np.float64),
        "weight": network.out.weight.astype(np.float32),
        "bias": network.out.bias.astype(np.float32),
    }
    for number, layer in enumerate(network.hidden):
        arrays[f"weight{number}"] = layer.weight.astype(np.float32)
        arrays[f"bias{number}"] = layer.bias.astype(np.float32)
    return arrays


def checked_steps(parameters: Mapping[str, Any]) -> int:
    """The settings of a stored fit.

    Raises:
        VerificationError: they are not those of a CTGAN.
    """
    steps = parameters.get("steps")
    if set(parameters) != {"steps"} or type(steps) is not int or steps < 1:
        raise _refusal("parameters", "are not those of a fit")
    return steps


def unpack(domain: CodeDomain, arrays: Arrays) -> tuple[Network, Conditions]:
    """Network and conditions of stored arrays.

    Raises:
        VerificationError: names, shapes, types or values cannot come from a fit.
    """
    hidden = len(set(arrays) - _BASE) // 2
    numbered = {f"{part}{number}" for part in ("weight", "bias") for number in range(hidden)}
    if set(arrays) != _BASE | numbered or hidden > MOST_HIDDEN:
        raise _refusal("arrays", "are not those of a network")
    layout = _layout(domain, arrays)
    asked = _checked(arrays["asked"], "asked", np.float64, (layout.width,))
    shares = np.split(asked, layout.offsets[1:-1])
    if any((share < 0).any() or abs(share.sum() - 1) > _TOLERANCE for share in shares):
        raise _refusal("asked", "are not shares that sum to 1 in every column")
    return _network(layout, arrays, hidden), Conditions(layout, tuple(shares))


def _network(layout: Layout, arrays: Arrays, hidden: int) -> Network:
    first = arrays["weight0"] if hidden else arrays["weight"]
    inputs = first.shape[0] if first.ndim == 2 else 0
    noise = inputs - layout.width
    if noise < 1:
        raise _refusal("weight", "has no inputs for noise")
    layers = []
    for number in range(hidden):
        layers.append(_layer(arrays, str(number), inputs))
        inputs += len(layers[-1].bias)
    out = _layer(arrays, "", inputs)
    if len(out.bias) != layout.width:
        raise _refusal("bias", "has not one logit per group")
    return Network(noise, tuple(layers), out)


def _layer(arrays: Arrays, number: str, inputs: int) -> Layer:
    size = arrays[f"bias{number}"].shape
    if len(size) != 1:
        raise _refusal(f"bias{number}", "is not a list of numbers")
    bias = _checked(arrays[f"bias{number}"], f"bias{number}", np.float32, size)
    weight = _checked(arrays[f"weight{number}"], f"weight{number}", np.float32, (inputs, len(bias)))
    return Layer(weight, bias)


def _layout(domain: CodeDomain, arrays: Arrays) -> Layout:
    levels = sum(domain.sizes)
    groups = _checked(arrays["groups"], "groups", np.int32, (levels,)).astype(np.int64)
    within = _checked(arrays["within"], "within", np.float64, (levels,))
    try:
        return Layout(domain, restored(domain, groups, within))
    except ValueError as error:
        raise _refusal("arrays:", str(error)) from None


def _checked(
    array: NDArray[np.generic], name: str, kind: type[np.generic], shape: tuple[int, ...]
) -> NDArray[Any]:
    if array.dtype != kind or array.shape != shape:
        raise _refusal(name, f"is not {kind.__name__} of shape {shape}")
    if not np.isfinite(array).all() or np.abs(array).max(initial=0) > LARGEST:
        raise _refusal(name, "holds a value that is not finite, or too large")
    return array


def _refusal(what: str, finding: str) -> VerificationError:
    return VerificationError(
        f"ctgan model: {what} {finding}; it was changed or damaged: fit it anew or restore a copy"
    )

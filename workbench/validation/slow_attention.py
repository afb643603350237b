"""Maps of attention by the papers' formulas, in double precision and in loops: whole matrices, layer after layer.

Separate from what they are held against, with which they share nothing.

Source: Abnar & Zuidema, Quantifying attention flow, ACL 2020 (rollout); Chefer et al., Generic attention-model
explainability, ICCV 2021 (relevance); Zhao et al., Gradient-based visual explanation for CLIP, ICML 2024 (Grad-ECLIP);
Bousselham et al., LeGrad, ICCV 2025.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64


@dataclass(frozen=True, eq=False)
class Slow:
    """All that the formulas take, of one picture or text; ``reader`` is the share of every token in what is read.

    ``pooling`` are the weights of the attention that reads the last tokens, where there is one.
    """

    weights: Float64[np.ndarray, "layer head token token"]
    gradients: Float64[np.ndarray, "layer head token token"]
    early_gradients: Float64[np.ndarray, "layer head reading key"]
    reader: Float64[np.ndarray, "token"]
    query: Float64[np.ndarray, "dim"]
    keys: Float64[np.ndarray, "key dim"]
    values: Float64[np.ndarray, "key dim"]
    output_gradient: Float64[np.ndarray, "dim"]
    pooling: Float64[np.ndarray, "head token"] | None = None


def relevance(slow: Slow, start_layer: int) -> np.ndarray:
    """Return Chefer's relevance: a whole matrix, layer after layer."""
    n_tokens = len(slow.reader)
    whole = np.eye(n_tokens)
    for weights, gradients in zip(slow.weights[start_layer:], slow.gradients[start_layer:], strict=True):
        raising = np.zeros((n_tokens, n_tokens))
        for own_weights, own_gradients in zip(weights, gradients, strict=True):
            raising += np.maximum(own_gradients * own_weights, 0) / len(weights)
        whole = whole + raising @ whole
    if slow.pooling is None:
        return slow.reader @ whole
    # The attention that reads is one more, from its one query to all tokens.
    reading = np.zeros(n_tokens)
    for own_weights, own_gradients in zip(slow.pooling, slow.early_gradients[-1][:, 0], strict=True):
        reading += np.maximum(own_gradients * own_weights, 0) / len(slow.pooling)
    return reading @ whole


def rollout(slow: Slow, start_layer: int) -> np.ndarray:
    """Return Abnar and Zuidema's rollout: a whole matrix, layer after layer."""
    whole = np.eye(len(slow.reader))
    for weights in slow.weights[start_layer:]:
        mean = sum(weights[head] for head in range(len(weights))) / len(weights)
        whole = (mean + np.eye(len(whole))) / 2 @ whole
    return slow.reader @ whole


def raw(slow: Slow) -> np.ndarray:
    """Return the last attention at what is read, which is the one that reads where there is such."""
    heads = slow.pooling if slow.pooling is not None else [slow.reader @ own for own in slow.weights[-1]]
    return np.sum(heads, axis=0) / len(heads)


def legrad(slow: Slow) -> np.ndarray:
    """Return LeGrad's map: the mean over layers of the mean over heads and queries of what raises."""
    n_layers, n_heads, n_queries, n_keys = slow.early_gradients.shape
    found = np.zeros(n_keys)
    for layer in slow.early_gradients:
        for head in layer:
            for query in head:
                found += np.maximum(query, 0) / (n_layers * n_heads * n_queries)
    return found


def grad_eclip(slow: Slow, cells: list[int]) -> np.ndarray:
    """Return Grad-ECLIP's map, cell by cell, channel by channel; similarities are spread over the cells."""
    like = [slow.keys[cell] @ slow.query / _length(slow.keys[cell]) / _length(slow.query) for cell in cells]
    found = []
    for cell, own in zip(cells, like, strict=True):
        loosened = (own - min(like)) / (max(like) - min(like)) if len(cells) > 1 else 1.0
        given = 0.0
        for channel, gradient in enumerate(slow.output_gradient):
            given += gradient * loosened * slow.values[cell, channel]
        found.append(max(given, 0))
    return np.array(found)


def _length(row: np.ndarray) -> float:
    return float(np.sqrt(sum(number**2 for number in row)))


def by_head(slow: Slow) -> dict[str, np.ndarray]:
    """Return what every layer and head gives to each token, query by query of those that are read."""
    n_layers, n_heads, n_tokens = slow.weights.shape[:3]
    looked, raised = np.zeros((n_layers, n_heads, n_tokens)), np.zeros((n_layers, n_heads, n_tokens))
    early = np.zeros(slow.early_gradients[:, :, 0].shape)
    for layer in range(n_layers):
        for head in range(n_heads):
            for query, share in enumerate(slow.reader):
                own = slow.weights[layer, head, query]
                looked[layer, head] += share * own
                raised[layer, head] += share * np.maximum(slow.gradients[layer, head, query] * own, 0)
            for gradients in slow.early_gradients[layer, head]:
                early[layer, head] += np.maximum(gradients, 0) / len(slow.early_gradients[layer, head])
    if slow.pooling is not None:
        looked = np.stack([*looked, slow.pooling])
    return {"raw by head": looked, "relevance by head": raised, "legrad by head": early}


def all_maps(slow: Slow, cells: Sequence[int]) -> dict[str, np.ndarray]:
    """Return every map of every method on ``cells`` alone, also those that begin at a later layer."""
    on_cells = list(cells)
    found = by_head(slow) | {"raw": raw(slow), "legrad": legrad(slow)}
    for start in range(len(slow.weights)):
        found |= {
            f"relevance from {start}": relevance(slow, start),
            f"rollout from {start}": rollout(slow, start),
        }
    # Few layers: all of them count.
    found |= {name: found[f"{name} from 0"] for name in ("relevance", "rollout")}
    return {name: values[..., on_cells] for name, values in found.items()} | {"grad-eclip": grad_eclip(slow, on_cells)}

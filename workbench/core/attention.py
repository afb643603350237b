"""From attention weights to maps: how much of every token of the input a model's output was made of.

Separate from the adapters, which know where a network keeps its weights and how they are differentiated. Weights are
``[layer head query key]``, rows summing to 1; gradients are those of the score that is explained. A map says nothing of
a sentence unless gradients went in.

The output is read either at one token, the class token of CLIP or the last one of a text, or by a pooling attention, as
in SigLIP: ``reader``, the share of every token of the last layer in it.

Source: Abnar & Zuidema, Quantifying attention flow, ACL 2020 (rollout); Chefer et al., Generic attention-model
explainability, ICCV 2021 (relevance); Zhao et al., Gradient-based visual explanation for CLIP, ICML 2024 (Grad-ECLIP);
Bousselham et al., LeGrad, ICCV 2025.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from workbench.errors import InputError

Weights = Float[np.ndarray, "layer head query key"]


def raw(weights: Weights, reader: Float[np.ndarray, "token"]) -> Float[np.ndarray, "token"]:
    """Return how much the tokens that are read attend to every token in the last layer, heads averaged."""
    return reader.astype(np.float64) @ weights[-1].mean(axis=0, dtype=np.float64)


def by_head(
    layers: Float[np.ndarray, "layer head query key"], reader: Float[np.ndarray, "query"]
) -> Float[np.ndarray, "layer head key"]:
    """Return what every layer and head has for each token, at the tokens that are read."""
    return np.einsum("q,lhqk->lhk", reader, layers)


def raising(weights: Weights, gradients: Weights) -> Weights:
    """Return the attention that would raise the score, times how much: ``relu(gradient * attention)``."""
    return np.maximum(gradients * weights, 0)


def rollout(weights: Weights, reader: Float[np.ndarray, "token"], start_layer: int = 0) -> Float[np.ndarray, "token"]:
    """Return the share of every token in the output, as if layers only mixed tokens, half by attention.

    Heads are averaged, and the residual connection counts as much as the attention. Shares sum to that of ``reader``.
    Raises ``InputError`` where there is no such layer.
    """
    share = reader.astype(np.float64)
    for layer in _from(weights, start_layer)[::-1]:
        share = (share + share @ layer.mean(axis=0)) / 2
    return share


def relevance(
    weights: Weights, gradients: Weights, reader: Float[np.ndarray, "token"], start_layer: int = 0
) -> Float[np.ndarray, "token"]:
    """Return the relevance of every token: what reached the output along attention that would raise the score.

    ``R <- R + mean over heads of relu(gradient * attention) R`` from ``start_layer`` on, read by ``reader``.
    Raises ``InputError`` where there is no such layer.
    """
    share = reader.astype(np.float64)
    raised = raising(_from(weights, start_layer), _from(gradients, start_layer)).mean(axis=1)
    for layer in raised[::-1]:  # from the output back: a row, not a matrix, at every step
        share = share + share @ layer
    return share


def grad_eclip(
    query: Float[np.ndarray, "*read dim"],
    keys: Float[np.ndarray, "token dim"],
    values: Float[np.ndarray, "token dim"],
    gradient: Float[np.ndarray, "*read dim"],
) -> Float[np.ndarray, "token"]:
    """Return what every token gives to the output token of the last attention in the channels that raise the score.

    ``gradient`` is that of the score by the attention's output at the token that is read, before it is projected. A
    token's value counts as much as its key is like the query, spread from 0 to 1 instead of by a softmax, which would
    leave all but a few tokens nothing. Where several tokens are read, what is given to each adds up.
    """
    given = np.zeros(len(keys))
    if not len(keys):
        return given
    for asked, by_output in zip(np.atleast_2d(query), np.atleast_2d(gradient), strict=True):
        like = _unit(keys) @ _unit(asked)
        spread = float(like.max() - like.min())
        loosened = (like - like.min()) / spread if spread > 0 else np.ones_like(like)
        given += loosened * (values @ by_output)
    return np.maximum(given, 0)


def legrad(gradients: Weights) -> Float[np.ndarray, "key"]:
    """Return how far attention to every token would raise the score, over all layers, heads and queries.

    ``gradients`` are, in each layer, those of the score that its own tokens have where they are read as the last are.
    """
    return np.maximum(gradients, 0).mean(axis=(1, 2)).mean(axis=0, dtype=np.float64)


def _from(layers: Weights, start_layer: int) -> Float[np.ndarray, "later head query key"]:
    if not 0 <= start_layer < len(layers):
        raise InputError(f"There are {len(layers)} layers, counted from 0; begin at one of them, not at {start_layer}.")
    return layers[start_layer:].astype(np.float64)


def _unit(rows: Float[np.ndarray, "*row dim"]) -> Float[np.ndarray, "*row dim"]:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)

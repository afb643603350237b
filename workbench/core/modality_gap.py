"""The gap between pictures and sentences in a space that both share, and the space without it.

Separate because it is a fact about two sets of items, not about a map of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from workbench.core.neighbours import unit_rows
from workbench.core.projection import Axes, principal_axes
from workbench.errors import InputError

_NO_LENGTH = 1e-7


@dataclass(frozen=True, eq=False)
class Gap:
    """How far apart two kinds of items are.

    ``distance`` is between their means. ``across`` is the mean cosine of an item of one kind with one of the other,
    ``within_first`` and ``within_second`` those of two different ones of a kind. ``told_apart`` is the share of items
    that lie on their own kind's side of the plane half way between both means: 0.5 where there is no gap.

    Source: Liang et al., Mind the gap, NeurIPS 2022 (distance).
    """

    distance: float
    across: float
    within_first: float
    within_second: float
    told_apart: float


def gap_between(first: Float32[np.ndarray, "item dim"], second: Float32[np.ndarray, "other dim"]) -> Gap:
    """Return the gap between two kinds of items, rows of unit length.

    Mean cosines within a kind of one item are NaN. Raises ``InputError`` where a kind has no item.
    """
    if not (len(first) and len(second)):
        raise InputError("A gap is between two kinds of items, and one of them has none; add some of it.")
    one, other = first.astype(np.float64), second.astype(np.float64)
    means = one.mean(axis=0), other.mean(axis=0)
    apart = means[0] - means[1]
    sides = [rows @ apart - apart @ (means[0] + means[1]) / 2 for rows in (one, other)]
    is_right = np.concatenate([_sided(sides[0]), _sided(-sides[1])])
    return Gap(
        distance=float(np.sqrt(apart @ apart)),
        across=float(means[0] @ means[1]),
        within_first=_mean_cosine(one),
        within_second=_mean_cosine(other),
        told_apart=float(is_right.mean()),
    )


def gap_axes(first: Float32[np.ndarray, "item dim"], second: Float32[np.ndarray, "other dim"]) -> Axes:
    """Return the line between the means of two kinds, the second's first, and the one across it on which items differ
    most, less the mean of their own kind; the origin is half way between the means.

    Where both means are one, or no item differs from its own, that axis is 0, and so nothing lies apart on it.
    """
    means = [rows.mean(axis=0, dtype=np.float64) for rows in (first, second)]
    apart = means[0] - means[1]
    length = float(np.sqrt(apart @ apart))
    along = apart / length if length > _NO_LENGTH else np.zeros(len(apart))
    own = np.concatenate([rows - mean for rows, mean in zip((first, second), means, strict=True)])
    rest = own - (own @ along)[:, None] * along
    across = principal_axes(rest.astype(np.float32), 1).components[0] * (np.abs(rest).max() > _NO_LENGTH)
    return Axes((means[0] + means[1]) / 2, np.stack([along, across]), np.zeros(2))


def centred(
    features: Float32[np.ndarray, "item dim"], mean: Float64[np.ndarray, "dim"] | None = None
) -> Float32[np.ndarray, "item dim"]:
    """Return rows less their mean, or less the one given, of unit length again.

    Raises ``InputError`` where an item is all that its mean is: nothing is left of it.
    """
    exact = features.astype(np.float64)
    apart = exact - (exact.mean(axis=0) if mean is None else mean)
    if (np.abs(apart).max(axis=1, initial=0.0) < 1e-7).any():
        raise InputError("An item is equal to the mean of its kind, so nothing is left of it; add other items.")
    return unit_rows(apart.astype(np.float32))


def _mean_cosine(rows: np.ndarray) -> float:
    """Return the mean cosine of two different rows, from that of all pairs."""
    n_rows = len(rows)
    if n_rows < 2:
        return float("nan")
    total = rows.sum(axis=0)
    return float((total @ total - (rows * rows).sum()) / (n_rows * (n_rows - 1)))


def _sided(values: np.ndarray) -> np.ndarray:
    """Return 1 for what is on the right side, a half for what is on the plane between."""
    return np.where(np.abs(values) < 1e-12, 0.5, values > 0)

"""The mean-pooled cosine game in closed form: every coalition of frames scored without an encoder.

Separate because this one game has a shape of its own. A coalition of frames is the direction of the sum of their
features, ``p(S) = sum(S) / |sum(S)|``; nobody is the zero vector, which scores 0. All that depends on the coalition
beside a sum is one number, ``1 / |sum(S)|``, a quadratic form of the features' products: so what frames add to the
pooled embedding follows from the low-order transform of a single table of numbers, whatever the dimension.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from workbench.core.coalitions import coalition_table
from workbench.core.walsh import LowOrder, halves, low_order_of_rows
from workbench.errors import InputError

MAX_FRAMES = 28
"""Most frames whose coalitions are all visited: 2**28 of them take seconds."""

_BLOCK = 2**21
_CANCELLED = 1e-13
"""A squared length below this part of the largest there can be is rounding: such frames cancel, and score 0."""


@dataclass(frozen=True, eq=False)
class PooledFrames:
    """Frames as players: what a coalition scores is the cosine of the mean of its features with a text.

    ``features``: float64 ``[time dim]``, of like lengths: beside one that is a million times longer than all others,
    those are rounding.
    Raises ``InputError`` for no frames, for more than ``MAX_FRAMES``, and for what is no number.
    """

    features: Float64[np.ndarray, "time dim"]

    def __post_init__(self) -> None:
        n_frames = len(self.features)
        if not 1 <= n_frames <= MAX_FRAMES:
            raise InputError(
                f"All coalitions of {n_frames} frames cannot be visited; give 1 to {MAX_FRAMES}, or group them."
            )
        if not np.isfinite(self.features).all():
            raise InputError("A feature is not a number; extract the features again.")

    @classmethod
    def of(cls, features: Float[np.ndarray, "time dim"]) -> PooledFrames:
        """Return the players of features of any precision."""
        return cls(np.asarray(features, np.float64))

    @property
    def pooled(self) -> Float64[np.ndarray, "dim"]:
        """Return the direction of all frames together."""
        return pooled_rows(self.features, np.ones((1, len(self.features)), bool))[0]

    def scored(self, text: Float[np.ndarray, "dim"], p: float = 0.5) -> LowOrder:
        """Return values and pairs of the frames for one text. Cost: all ``2**time`` coalitions, in blocks."""
        cosine = self.features @ np.asarray(text, np.float64)
        rows, columns = halves(len(self.features))
        along, across = coalition_table(rows) @ cosine[columns:], coalition_table(columns) @ cosine[:columns]
        blocks = (
            (first, inverse * (along[first : first + len(inverse), None] + across))
            for first, inverse in self._inverse_lengths()
        )
        return low_order_of_rows(len(self.features), blocks, p)

    def added(self, p: float = 0.5) -> tuple[Float64[np.ndarray, "dim"], Float64[np.ndarray, "time dim"]]:
        """Return the mean pooled embedding over all coalitions, and what each frame adds to it on average.

        Cost: all ``2**time`` coalitions, in blocks, and ``time**2 * dim`` multiplications.
        """
        n_frames = len(self.features)
        inverse = low_order_of_rows(n_frames, self._inverse_lengths(), p)
        # E[z_j (r with i - r without i)], and for j = i, where the sum loses its own term, E[r with i].
        share = p * inverse.values[:, None] + p * (1 - p) * inverse.pairs
        with_own = inverse.mean + (1 - p) * inverse.values
        np.fill_diagonal(share, with_own)
        return p * with_own @ self.features, share @ self.features

    def _inverse_lengths(self) -> Iterator[tuple[int, Float64[np.ndarray, "row column"]]]:
        """Yield ``1 / |sum(S)|`` of all coalitions as rows of their table, 0 where the frames cancel."""
        products = self.features @ self.features.T
        rows, columns = halves(len(self.features))
        along, across = coalition_table(rows).astype(float), coalition_table(columns).astype(float)
        along_squared = np.einsum("ci,ij,cj->c", along, products[columns:, columns:], along, optimize=True)
        across_squared = np.einsum("ci,ij,cj->c", across, products[:columns, :columns], across, optimize=True)
        least = _CANCELLED * float(np.abs(products).sum())
        size = max(1, _BLOCK >> columns)
        for first in range(0, 2**rows, size):
            block = slice(first, first + size)
            squared = (2 * along[block] @ products[columns:, :columns]) @ across.T
            squared += along_squared[block, None]
            squared += across_squared
            cancelled = squared <= least
            squared[cancelled] = 1.0
            np.sqrt(squared, out=squared)
            np.divide(1.0, squared, out=squared)
            squared[cancelled] = 0.0
            yield first, squared


def pooled_rows(
    features: Float64[np.ndarray, "time dim"], coalitions: Bool[np.ndarray, "coalition time"]
) -> Float64[np.ndarray, "coalition dim"]:
    """Return the direction of the sum of each coalition's features; zero for nobody and where they cancel."""
    sums = coalitions.astype(float) @ features
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    least = np.sqrt(_CANCELLED) * np.linalg.norm(features, axis=1).sum()
    return np.where(lengths > least, sums / np.where(lengths > 0, lengths, 1.0), 0.0)


def unit_rows(rows: Float[np.ndarray, "row dim"]) -> Float64[np.ndarray, "row dim"]:
    """Return rows scaled to length one, float64; a row of zeros stays zero."""
    rows = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)

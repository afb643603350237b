"""Least squares whose columns grow in number, with what every draw says of the error of a fit that left it out.

Separate because what is looked for, larger groups, and how it is fitted are two questions.

Source: Chernozhukov et al., Double machine learning, Econometrics Journal 2018 (cross-fitting); Benjamini & Hochberg,
JRSS B 1995 (how many of many candidates are real); Golub, Heath & Wahba, Technometrics 1979 (penalty of a ridge
regression).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64
from scipy.linalg import cho_solve, cholesky, eigh, solve_triangular
from scipy.special import log_ndtr

from workbench.core.columns import Bends, Groups, blocks

ROUNDING = 1e-10
"""What of a target is no more than rounding."""
_FALSE_SHARE = 0.1
"""The share of chance among what is taken for real."""
_MOST_OF_DRAWS, _MOST_COLUMNS = 1 / 3, 2000
_MOST_PRODUCTS = 4e10
"""Draws times the square of columns: some tens of seconds."""


class Regression:
    """Least squares of ``target`` on columns that grow in number: what they take of it, and what they leave."""

    def __init__(
        self,
        signs: Float64[np.ndarray, "draw player"],
        target: Float64[np.ndarray, "draw"],
        families: Sequence[Groups | Bends],
    ) -> None:
        self.signs, self.target = signs, target
        self.families: list[Groups | Bends] = []
        self.gram, self.moment, self.penalties = np.zeros((0, 0)), np.zeros(0), np.zeros(0)
        self._parts: list[np.ndarray] = []
        self._root = np.zeros((0, 0))
        self.add(families)

    @property
    def groups(self) -> list[Groups]:
        return [family for family in self.families if isinstance(family, Groups)]

    @property
    def room(self) -> int:
        """Return how many more columns may enter."""
        n_draws = len(self.target)
        most = min(_MOST_OF_DRAWS * n_draws, _MOST_COLUMNS, np.sqrt(_MOST_PRODUCTS / n_draws))
        return max(0, int(most) - len(self.moment))

    @property
    def is_done(self) -> bool:
        """Return whether nothing but rounding is left."""
        return float(self.left @ self.left) <= ROUNDING**2 * float(self.target @ self.target)

    def add(self, families: Sequence[Groups | Bends]) -> None:
        """Take columns in, and fit again."""
        self._widen(families)
        self._solve()

    def add_penalised(self, family: Groups, penalty: float | None) -> float:
        """Take in columns, fitted with a penalty on their squares, by default that of the least error; return it."""
        kept, square = len(self.moment), float(self.left @ self.left)
        self._widen([family])
        if penalty is None:
            across = self.gram[:kept, kept:]
            inner = self.gram[kept:, kept:] - across.T @ self._solved(across)
            moment = self.moment[kept:] - across.T @ self._solved(self.moment[:kept])
            penalty = _best_penalty(inner, moment, kept, len(self.target), square)
        self.penalties[kept:] = penalty
        self._solve()
        return penalty

    def up_to_pairs(self, of_columns: Float64[np.ndarray, "column"]) -> Float64[np.ndarray, "group"]:
        """Return what belongs to nobody, then to all pairs, 0 where a pair is no column."""
        n_players = self.signs.shape[1]
        pairs, at = np.zeros((n_players, n_players)), 0
        for family in self.families:
            if isinstance(family, Groups) and family.players.shape[1] == 2:
                pairs[tuple(family.players.T)] = of_columns[at : at + len(family)]
            at += len(family)
        return np.concatenate([of_columns[:1], pairs[np.triu_indices(n_players, 1)]])

    def left_out(self, draws: Int64[np.ndarray, "chosen"]) -> tuple[Float64[np.ndarray, "column"], float]:
        """Return sums over ``draws``: of what each says of every coefficient, and of the squares of what it is off by.

        A draw is judged by the fit without it, of which it says what that is off by, times its columns: unbiased for
        columns of signs, whose mean products are known to be 0 and 1, however the others were fitted, penalty or not.
        """
        said, squares = len(draws) * self.coefficients, 0.0
        for rows in blocks(len(draws), len(said)):
            part = self._columns(draws[rows])
            weights = self._solved(part.T)
            off = self.left[draws[rows]] / np.maximum(1 - np.einsum("cd,dc->d", weights, part), 1e-3)
            said = said + (part.T - weights) @ off
            squares += float(off @ off)
        return said, squares

    def standing_out(
        self, products: Float64[np.ndarray, "column"], lengths: Float64[np.ndarray, "column"] | float
    ) -> Int64[np.ndarray, "chosen"]:
        """Return which columns, of these scalar products with what is left, stand out of chance, strongest first."""
        spread = np.sqrt(float(self.left @ self.left) / len(self.target))
        chance = log_ndtr(-np.abs(products) / (lengths * spread)) + np.log(2)
        order = np.argsort(chance, kind="stable")
        limit = np.log(_FALSE_SHARE * np.arange(1, len(order) + 1) / max(len(order), 1))
        passed = np.flatnonzero(chance[order] <= limit)
        return order[: passed[-1] + 1 if len(passed) else 0]

    def _widen(self, families: Sequence[Groups | Bends]) -> None:
        old = len(self.moment)
        new = [family for family in families if len(family)]
        self.families += new
        self._parts += [family.columns(self.signs) for family in new]
        size = sum(map(len, self.families))
        gram, moment = np.zeros((size, size)), np.zeros(size)
        gram[:old, :old], moment[:old] = self.gram, self.moment
        if size > old:
            for rows in blocks(len(self.target), size):
                part = self._columns(rows)
                gram[old:] += part[:, old:].T @ part
                moment[old:] += part[:, old:].T @ self.target[rows]
        gram[:old, old:] = gram[old:, :old].T
        self.gram, self.moment = gram, moment
        self.penalties = np.concatenate([self.penalties, np.zeros(size - old)])

    def _solved(self, moments: Float64[np.ndarray, "column *_"]) -> Float64[np.ndarray, "column *_"]:
        return cho_solve((self._root, True), moments)

    def _solve(self) -> None:
        """Fit again; of the Cholesky root only the rows of new columns are computed."""
        size, n_draws, old = len(self.moment), len(self.target), len(self._root)
        root = np.zeros((size, size))
        root[:old, :old] = self._root
        across = root[old:, :old]
        across[:] = solve_triangular(self._root, self.gram[:old, old:], lower=True).T
        diagonal = self.penalties[old:] + ROUNDING * n_draws
        root[old:, old:] = cholesky(self.gram[old:, old:] - across @ across.T + np.diag(diagonal), lower=True)
        self._root = root
        found = self._solved(self.moment)
        found += self._solved(self.moment - self.gram @ found - self.penalties * found)
        left = [self.target[rows] - self._columns(rows) @ found for rows in blocks(n_draws, size)]
        self.left, self.coefficients = np.concatenate(left), found

    def _columns(self, rows: slice | Int64[np.ndarray, "draw"]) -> Float64[np.ndarray, "draw column"]:
        return np.concatenate([part[rows] for part in self._parts], axis=1, dtype=np.float64)


def _best_penalty(
    inner: Float64[np.ndarray, "column column"],
    moment: Float64[np.ndarray, "column"],
    n_kept: int,
    n_draws: int,
    square: float,
) -> float:
    """Return the penalty of the least generalised cross-validation error; ``square`` is left without the columns."""
    weight, axes = eigh(inner)
    weight, along = np.maximum(weight, 0), axes.T @ moment
    penalties = n_draws * np.append(np.logspace(-6, 2, 33), 1e9)[:, None]
    freedom = n_kept + (weight / (weight + penalties)).sum(axis=1)
    left = square - (along**2 * (weight + 2 * penalties) / (weight + penalties) ** 2).sum(axis=1)
    error = np.maximum(left, 0) / np.maximum(1 - freedom / n_draws, 1e-3) ** 2
    return float(penalties[np.argmin(error), 0])

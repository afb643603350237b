"""Banzhaf against shapiq 1.4.1, the field's library of game-theoretic indices."""

import numpy as np
import pytest
from shapiq.game_theory import ExactComputer

from workbench.core.banzhaf import exact_indices
from workbench.core.coalitions import coalition_table

KINDS = ("random", "unanimity", "dictator", "additive", "symmetric")


def table_of(kind, n):
    coalitions, rng = coalition_table(n), np.random.default_rng(n)
    match kind:
        case "unanimity":
            return coalitions[:, : max(1, n // 2)].all(axis=1).astype(float)
        case "dictator":
            return coalitions[:, n - 1].astype(float)
        case "additive":
            return coalitions @ rng.normal(size=n)
        case "symmetric":
            return np.sqrt(coalitions.sum(axis=1))
    return rng.normal(size=2**n)


@pytest.mark.parametrize("n", range(2, 13))
@pytest.mark.parametrize("kind", KINDS)
def test_exact_indices_are_shapiq_s(n, kind):
    values = table_of(kind, n)

    def game(coalitions):
        return values[coalitions.astype(bool) @ (1 << np.arange(n))]

    computer = ExactComputer(game, n)
    singles, pairs = computer("BV", 1), computer("BII", 2)
    found = exact_indices(values)
    for i in range(n):
        assert found.values[i] == pytest.approx(singles[(i,)], abs=1e-9)
        for j in range(i):
            assert found.pairs[j, i] == pytest.approx(pairs[(j, i)], abs=1e-9)

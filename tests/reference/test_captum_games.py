"""Banzhaf against captum where theory says that both must agree: two players, and games without interactions.

Captum sums in single precision.
"""

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, ShapleyValues

from workbench.core.banzhaf import exact_indices
from workbench.core.coalitions import coalition_table
from workbench.core.pooled import PooledFrames, pooled_rows


def attributed(method, game, n_players):
    """Return captum's attribution to ``n_players`` switches, all on, against all off."""

    def forward(switches):
        return torch.from_numpy(game(switches.numpy() > 0.5))

    return method(forward).attribute(torch.ones(1, n_players, dtype=torch.float64))[0].numpy()


@pytest.mark.parametrize("seed", range(5))
def test_two_frames_are_worth_what_shapley_says(seed):
    """Of two players both values are the mean over nobody and the other one."""
    rng = np.random.default_rng(seed)
    frames, text = rng.normal(size=(2, 8)), rng.normal(size=8)
    expected = attributed(ShapleyValues, lambda z: pooled_rows(frames, z) @ text, 2)
    assert PooledFrames.of(frames).scored(text).values == pytest.approx(expected, abs=1e-6)


def test_without_interactions_every_method_says_the_same():
    weights = np.random.default_rng(0).normal(size=5)
    found = exact_indices(coalition_table(5) @ weights).values
    for method in (ShapleyValues, FeatureAblation):
        assert found == pytest.approx(attributed(method, lambda z: z @ weights, 5), abs=1e-6)


def test_with_interactions_ablation_says_something_else():
    """What is lost by leaving one player out of everybody is one of the terms of its value."""
    values = np.random.default_rng(1).normal(size=2**4)

    def game(coalitions):
        return values[coalitions @ (1 << np.arange(4))]

    ablated = attributed(FeatureAblation, game, 4)
    assert ablated == pytest.approx([values[-1] - values[(2**4 - 1) ^ (1 << i)] for i in range(4)], abs=1e-6)
    assert not np.allclose(exact_indices(values).values, ablated)

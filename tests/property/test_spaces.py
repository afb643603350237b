"""What is true of any two spaces of the same items."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.core.spaces import chance_overlap, debiased_cka, linear_cka, shared_neighbours

SEEDS = st.integers(0, 2**32 - 1)
BOTH = pytest.mark.parametrize("cka", [linear_cka, debiased_cka])


@st.composite
def spaces(draw):
    """Two spaces of numbers so coarse that nothing is nearly constant; they may have too few dimensions, or repeat."""
    n_items, n_dims, numbers = draw(st.integers(4, 12)), st.integers(1, 5), st.integers(-20, 20)
    return [draw(arrays(np.float64, (n_items, draw(n_dims)), elements=numbers)) / 4 for _ in range(2)]


@BOTH
@given(spaces(), SEEDS, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_turning_scaling_and_shifting_a_space_change_nothing(cka, pair, seed, scale, shift):
    first, second = pair
    dim, draw = first.shape[1], np.random.default_rng(seed)
    expected = cka(first, second)
    assume(not np.isnan(expected))
    turn = np.linalg.qr(draw.normal(size=(dim, dim)))[0]
    for moved in (first @ turn, first * scale, first * -scale, first + shift * draw.normal(size=dim)):
        assert cka(moved, second) == pytest.approx(expected, abs=1e-7)
        assert cka(moved, first) == pytest.approx(1, abs=1e-7)


@BOTH
@given(spaces(), SEEDS)
def test_neither_the_order_of_spaces_nor_that_of_items_nor_an_empty_dimension_matters(cka, pair, seed):
    first, second = pair
    order = np.random.default_rng(seed).permutation(len(first))
    wider = np.concatenate([second, np.full((len(second), 1), 0.3)], axis=1)
    expected = cka(first, second)
    for found in (cka(second, first), cka(first[order], second[order]), cka(first, wider)):
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(spaces())
def test_alignment_has_its_bounds_and_a_space_that_does_not_vary_has_none(pair):
    first, second = pair
    biased, debiased = linear_cka(first, second), debiased_cka(first, second)
    assert np.isnan(biased) == (min(np.ptp(space, axis=0).max() for space in pair) == 0)
    assert np.isnan(biased) or -1e-9 <= biased <= 1 + 1e-9
    assert np.isnan(debiased) or -1 - 1e-9 <= debiased <= 1 + 1e-9


@given(st.integers(150, 250), st.integers(100, 200), st.integers(100, 200), SEEDS)
def test_unrelated_spaces_are_aligned_only_where_chance_is_not_taken_off(n_items, n_dims, n_others, seed):
    draw = np.random.default_rng(seed)
    first, second = draw.normal(size=(n_items, n_dims)), draw.normal(size=(n_items, n_others))
    by_chance = np.sqrt(n_dims * n_others / ((n_items + n_dims) * (n_items + n_others)))
    assert linear_cka(first, second) == pytest.approx(by_chance, abs=0.05)
    assert debiased_cka(first, second) == pytest.approx(0, abs=0.05)


@st.composite
def neighbours(draw):
    n_items = draw(st.integers(2, 30))
    k, rng = draw(st.integers(1, n_items - 1)), np.random.default_rng(draw(SEEDS))
    others = np.array([np.delete(np.arange(n_items), at) for at in range(n_items)])
    return [rng.permuted(others, axis=1)[:, :k] for _ in range(2)]


@given(neighbours(), SEEDS)
def test_shares_depend_on_no_order_of_spaces_rows_or_items(pair, seed):
    first, second = pair
    rng = np.random.default_rng(seed)
    shares, (n_items, k) = shared_neighbours(first, second), first.shape
    np.testing.assert_array_equal(shared_neighbours(second, first), shares)
    np.testing.assert_array_equal(shared_neighbours(rng.permuted(first, axis=1), second), shares)
    new = rng.permutation(n_items)
    old = new.argsort()
    np.testing.assert_array_equal(shared_neighbours(new[first][old], new[second][old]), shares[old])
    assert (shared_neighbours(first, rng.permuted(first, axis=1)) == 1).all()
    least = max(0, 2 * k - (n_items - 1)) / k  # two sets of k cannot miss one another among fewer than 2 k
    assert least <= shares.min() <= shares.max() <= 1


@given(st.integers(20, 60), st.integers(1, 19), SEEDS)
def test_unrelated_neighbours_overlap_as_by_chance(n_items, k, seed):
    rng = np.random.default_rng(seed)
    others = np.array([np.delete(np.arange(n_items), at) for at in range(n_items)])
    pairs = [[rng.permuted(others, axis=1)[:, :k] for _ in range(2)] for _ in range(20)]
    found = np.mean([shared_neighbours(*pair) for pair in pairs])
    assert found == pytest.approx(chance_overlap(n_items, k), abs=6 * 0.5 / np.sqrt(20 * n_items * k))

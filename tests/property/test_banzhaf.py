"""What is true of Banzhaf's indices for every game."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.banzhaf import exact_indices
from workbench.core.coalitions import coalition_table
from workbench.core.walsh import transform

NUMBERS = st.floats(-100, 100, allow_nan=False, width=32)


@st.composite
def games(draw, least=1, most=6):
    n = draw(st.integers(least, most))
    return np.array(draw(st.lists(NUMBERS, min_size=2**n, max_size=2**n)), dtype=float)


@given(games(), st.integers(0, 6))
def test_a_dummy_adds_its_own_worth_and_interacts_with_nobody(values, at):
    n = len(values).bit_length() - 1
    at = at % (n + 1)
    others = np.delete(coalition_table(n + 1), at, axis=1) @ (1 << np.arange(n))
    with_dummy = values[others] + 3.5 * coalition_table(n + 1)[:, at]
    found, before = exact_indices(with_dummy), exact_indices(values)
    assert np.isclose(found.values[at], 3.5)
    assert np.abs(found.pairs[at]).max(initial=0) < 1e-9
    assert np.allclose(np.delete(found.values, at), before.values)


@given(games(2), st.randoms(use_true_random=False))
def test_renaming_players_renames_their_indices(values, random):
    n = len(values).bit_length() - 1
    order = list(range(n))
    random.shuffle(order)
    renamed = values[coalition_table(n) @ (1 << np.array(order))]  # player i is now whoever order[i] was
    found, before = exact_indices(renamed), exact_indices(values)
    assert np.allclose(found.values, before.values[order])
    assert np.allclose(found.pairs, before.pairs[np.ix_(order, order)])


@given(games(2, 5), st.data(), NUMBERS)
def test_indices_of_a_sum_of_games_are_the_sum(values, data, factor):
    other = np.array(data.draw(st.lists(NUMBERS, min_size=len(values), max_size=len(values))))
    found, one, two = (exact_indices(table) for table in (values + factor * other, values, other))
    assert np.allclose(found.values, one.values + factor * two.values, atol=1e-7)
    assert np.allclose(found.pairs, one.pairs + factor * two.pairs, atol=1e-7)


@given(games(2))
def test_two_players_who_act_as_one_are_worth_what_both_were(values):
    """2-efficiency: merging two players adds their values."""
    n = len(values).bit_length() - 1
    merged = coalition_table(n - 1)
    both = np.concatenate([merged[:, :1], merged], axis=1)
    found, before = exact_indices(values[both @ (1 << np.arange(n))]), exact_indices(values)
    assert np.isclose(found.values[0], before.values[0] + before.values[1], atol=1e-9 * np.abs(values).max() + 1e-9)


@given(games())
def test_the_transform_holds_everything(values):
    n = len(values).bit_length() - 1
    found = transform(values)
    sizes = coalition_table(n).sum(axis=1)
    walsh = found / (-2.0) ** sizes
    signs = np.array([[(-1) ** bin(s & t).count("1") for t in range(2**n)] for s in range(2**n)])
    assert np.allclose(signs @ walsh, values, atol=1e-7)

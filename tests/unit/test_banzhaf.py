"""Banzhaf values and interactions on games whose answer is known, and on the definition written out in loops."""

import itertools

import numpy as np
import pytest
import torch

from workbench.core import banzhaf, walsh
from workbench.core.coalitions import coalition_table, n_players_of
from workbench.core.pooled import PooledFrames, pooled_rows, unit_rows
from workbench.errors import InputError


def interaction(values, group, p=0.5):
    """Return I_T from its definition: the mean of the group's own part over coalitions of the others."""
    n = n_players_of(len(values))
    others = [player for player in range(n) if player not in group]
    total = 0.0
    for size in range(len(others) + 1):
        for chosen in itertools.combinations(others, size):
            weight = p**size * (1 - p) ** (len(others) - size)
            for part in range(len(group) + 1):
                for inside in itertools.combinations(group, part):
                    number = sum(1 << player for player in (*chosen, *inside))
                    total += weight * (-1) ** (len(group) - part) * values[number]
    return total


def values_of(n, worth):
    """Return the table of a game given as a function of the set of players."""
    return np.array([worth({i for i in range(n) if k >> i & 1}) for k in range(2**n)], dtype=float)


def test_coalition_k_contains_player_i_iff_bit_i_of_k_is_set():
    table = coalition_table(3)
    assert table.tolist()[5] == [True, False, True]
    assert table.tolist()[0] == [False] * 3
    assert table.tolist()[-1] == [True] * 3
    assert coalition_table(4, 6, 9).tolist() == coalition_table(4).tolist()[6:9]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("p", [0.5, 0.3, 0.9])
def test_transform_is_the_definition_at_every_order(n, p):
    values = np.random.default_rng(n).normal(size=2**n)
    found = walsh.transform(values, p)
    for number in range(1, 2**n):
        group = [i for i in range(n) if number >> i & 1]
        assert found[number] == pytest.approx(interaction(values, group, p), abs=1e-12)
    weights = np.array([p ** bin(k).count("1") * (1 - p) ** (n - bin(k).count("1")) for k in range(2**n)])
    assert found[0] == pytest.approx(weights @ values, abs=1e-12)


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("p", [0.5, 0.2])
def test_exact_indices_are_the_definition(n, p):
    values = np.random.default_rng(10 + n).normal(size=2**n)
    found = banzhaf.exact_indices(values, p)
    for i in range(n):
        assert found.values[i] == pytest.approx(interaction(values, [i], p), abs=1e-12)
        assert found.pairs[i, i] == 0
        for j in range(i):
            assert found.pairs[i, j] == found.pairs[j, i]
            assert found.pairs[i, j] == pytest.approx(interaction(values, [j, i], p), abs=1e-12)
    assert (found.empty_value, found.full_value, found.n_evaluations) == (values[0], values[-1], 2**n)
    assert found.is_exact
    assert found.gap == pytest.approx(found.values.sum() - (values[-1] - values[0]))


def test_games_with_a_known_answer():
    additive = banzhaf.exact_indices(values_of(4, lambda s: sum((1.0, -2.0, 0.5, 3.0)[i] for i in s)))
    assert additive.values == pytest.approx([1.0, -2.0, 0.5, 3.0])
    assert np.abs(additive.pairs).max() < 1e-12
    assert additive.gap == pytest.approx(0, abs=1e-12)
    unanimity = banzhaf.exact_indices(values_of(4, lambda s: float({0, 2} <= s)))
    assert unanimity.values == pytest.approx([0.5, 0, 0.5, 0])
    assert unanimity.pairs[0, 2] == pytest.approx(1)
    assert np.abs(unanimity.pairs).sum() == pytest.approx(2)
    dictator = banzhaf.exact_indices(values_of(3, lambda s: float(1 in s)))
    assert dictator.values == pytest.approx([0, 1, 0])
    majority = banzhaf.exact_indices(values_of(3, lambda s: float(len(s) >= 2)))
    assert majority.values == pytest.approx([0.5, 0.5, 0.5])
    assert majority.gap == pytest.approx(0.5)
    assert majority.pairs[0, 1] == pytest.approx(0)
    weighted = banzhaf.exact_indices(values_of(4, lambda s: float(sum((3, 2, 1, 1)[i] for i in s) >= 4)))
    assert weighted.values == pytest.approx([6 / 8, 2 / 8, 2 / 8, 2 / 8])  # Banzhaf 1965's kind of voting body


def test_one_player():
    found = banzhaf.exact_indices(np.array([0.25, 1.0]))
    assert found.values.tolist() == [0.75]
    assert found.pairs.tolist() == [[0.0]]


@pytest.mark.parametrize("size", [0, 1, 3, 12])
def test_a_table_of_no_game_is_refused(size):
    with pytest.raises(InputError, match=r"is of no game; give"):
        banzhaf.exact_indices(np.zeros(size))


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="no number; check the game"):
        banzhaf.exact_indices(np.array([0.0, 1.0, np.nan, 2.0]))
    with pytest.raises(InputError, match="choose one between 0 and 1"):
        banzhaf.exact_indices(np.zeros(4), p=1.0)
    with pytest.raises(InputError, match="one value a coalition"):
        banzhaf.exact_indices(np.zeros((4, 4)))


def test_arrays_of_another_library_stay_where_they_are():
    values = np.random.default_rng(0).normal(size=2**7)
    expected, found = banzhaf.exact_indices(values), banzhaf.exact_indices(torch.from_numpy(values))
    assert found.values == pytest.approx(expected.values, abs=1e-12)
    assert found.pairs == pytest.approx(expected.pairs, abs=1e-12)
    everything = walsh.transform(torch.from_numpy(values))
    assert isinstance(everything, torch.Tensor)
    assert everything.numpy() == pytest.approx(walsh.transform(values), abs=1e-12)


def test_blocks_of_rows_are_the_whole_table():
    values = np.random.default_rng(0).normal(size=2**9)
    rows, columns = walsh.halves(9)
    table = values.reshape(2**rows, 2**columns)
    whole = walsh.low_order(values)
    parts = walsh.low_order_of_rows(9, ((at, table[at : at + 3]) for at in range(0, 2**rows, 3)))
    assert parts.values == pytest.approx(whole.values, abs=1e-12)
    assert parts.pairs == pytest.approx(whole.pairs, abs=1e-12)
    assert parts.mean == pytest.approx(values.mean())


def table_of(frames, words):
    """Return the mean-pooled cosine of every coalition of both, by pooling and comparing one at a time."""
    n_frames = len(frames)
    table = np.zeros((len(words), 2**n_frames))
    for k in range(1, 2**n_frames):
        pooled = frames[[i for i in range(n_frames) if k >> i & 1]].mean(axis=0)
        length = np.linalg.norm(pooled)
        for row, word in enumerate(words):
            table[row, k] = pooled @ word / length / np.linalg.norm(word) if length > 1e-9 else 0.0
    return table


@pytest.mark.parametrize("p", [0.5, 0.7])
def test_pooled_frames_are_the_game_played_out(p):
    rng = np.random.default_rng(1)
    frames, text = rng.normal(size=(6, 12)), unit_rows(rng.normal(size=(1, 12)))
    expected = banzhaf.exact_indices(table_of(frames, text)[0], p)
    found = PooledFrames.of(frames).scored(text[0], p)
    assert found.values == pytest.approx(expected.values, abs=1e-12)
    assert found.pairs == pytest.approx(expected.pairs, abs=1e-12)
    mean, added = PooledFrames.of(frames).added(p)
    pooled = pooled_rows(frames, coalition_table(6))
    by_dimension = [banzhaf.exact_indices(pooled[:, d], p) for d in range(12)]
    expected_added = np.array([one.values for one in by_dimension]).T
    assert added == pytest.approx(expected_added, abs=1e-12)
    assert mean == pytest.approx(np.array([one.mean for one in by_dimension]), abs=1e-12)


@pytest.mark.parametrize(("n_frames", "n_words", "dim"), [(1, 1, 4), (1, 3, 8), (5, 1, 8), (7, 4, 16), (6, 3, 3)])
def test_frame_word_interactions_are_those_of_the_whole_table(n_frames, n_words, dim):
    rng = np.random.default_rng(n_frames)
    frames, words = rng.normal(size=(n_frames, dim)), rng.normal(size=(2**n_words, dim))
    whole = banzhaf.exact_indices(table_of(frames, words).reshape(-1))
    found = banzhaf.frame_word_interactions(frames.astype(np.float32), words)
    assert found.shape == (n_frames, n_words)
    assert found == pytest.approx(whole.pairs[:n_frames, n_frames:], abs=1e-6)
    exact = banzhaf.frame_word_interactions(frames, words)
    assert exact == pytest.approx(whole.pairs[:n_frames, n_frames:], abs=1e-12)


def test_frames_that_cancel_score_nothing():
    frames = np.array([[1.0, 0.0], [-1.0, 0.0]])
    found = PooledFrames.of(frames).scored(np.array([1.0, 0.0]))
    played = banzhaf.exact_indices(np.array([0.0, 1.0, -1.0, 0.0]))
    assert found.values == pytest.approx(played.values)
    assert np.isfinite(found.pairs).all()


def test_the_same_frame_twice_is_worth_the_same():
    rng = np.random.default_rng(3)
    frames = rng.normal(size=(5, 8))
    frames[4] = frames[1]
    found = PooledFrames.of(frames).scored(rng.normal(size=8))
    assert found.values[4] == pytest.approx(found.values[1], abs=1e-12)


def test_frames_that_cannot_play_are_refused():
    with pytest.raises(InputError, match=r"29 frames cannot be visited; give 1 to 28, or group them"):
        PooledFrames.of(np.zeros((29, 2)))
    with pytest.raises(InputError, match="0 frames cannot be visited"):
        PooledFrames.of(np.zeros((0, 2)))
    with pytest.raises(InputError, match="not a number"):
        PooledFrames.of(np.array([[np.nan, 1.0]]))
    with pytest.raises(InputError, match="is of no game"):
        banzhaf.frame_word_interactions(np.ones((2, 3)), np.ones((3, 3)))


def test_an_estimate_that_may_visit_all_is_exact():
    values = np.random.default_rng(4).normal(size=2**6)

    def game(coalitions):
        return values[coalitions @ (1 << np.arange(6))]

    found, expected = banzhaf.estimate_indices(game, 6, 64, seed=0), banzhaf.exact_indices(values)
    assert found.is_exact
    assert found.n_evaluations == 64
    assert found.values == pytest.approx(expected.values, abs=1e-8)
    assert found.pairs == pytest.approx(expected.pairs, abs=1e-8)
    assert (found.mean, found.full_value) == (pytest.approx(expected.mean), expected.full_value)


def test_an_estimate_states_what_it_does_not_know():
    weights = np.random.default_rng(5).normal(size=30)

    def game(coalitions):
        return coalitions @ weights + 0.3 * coalitions[:, 0] * coalitions[:, 1] * coalitions[:, 2]

    found = banzhaf.estimate_indices(game, 30, 2000, seed=7)
    again = banzhaf.estimate_indices(game, 30, 2000, seed=7)
    assert not found.is_exact
    assert found.n_evaluations <= 2000
    assert (found.values == again.values).all()
    truth = weights + np.array([0.075] * 3 + [0.0] * 27)
    assert (np.abs(found.values - truth) < 5 * found.value_errors + 1e-12).all()
    assert found.pairs[0, 1] == pytest.approx(0.15, abs=5 * found.pair_errors[0, 1])


def test_a_budget_too_small_names_what_is_needed():
    with pytest.raises(
        InputError, match=r"30 players need at least 1,864 evaluations, and the budget is 100; raise it"
    ):
        banzhaf.estimate_indices(lambda z: z.sum(axis=1).astype(float), 30, 100, seed=0)

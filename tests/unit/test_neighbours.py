"""Nearest items: against every distance in double precision, and alone or in company."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from workbench.core import neighbours
from workbench.core.neighbours import nearest, neighbours_among, unit_rows
from workbench.errors import Cancelled, InputError


def rows(n: int, dim: int = 24, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32))


@pytest.mark.parametrize("n_items", [400, 2_507])
def test_neighbours_are_those_of_scikit_learn(n_items: int):
    items = rows(n_items)
    if n_items > 2_000:
        # Of many, groups of columns are looked at first: here one group holds all neighbours of some.
        alike = np.arange(n_items // 16 - 1, n_items, n_items // 16)
        items[alike] = unit_rows(items[alike[0]] + 0.01 * items[alike])
    found = neighbours_among(items, 7)
    distances, indices = NearestNeighbors(n_neighbors=8, metric="cosine").fit(items.astype(np.float64)).kneighbors()
    np.testing.assert_array_equal(found.indices, indices[:, :7])
    np.testing.assert_allclose(found.distances, distances[:, :7], atol=1e-6)
    assert found.is_exact


@pytest.mark.parametrize("block", [1, 3 * 300, 2**25])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, block: int):
    items = rows(300)
    whole = neighbours_among(items, 5)
    monkeypatch.setattr(neighbours, "_BLOCK", block)
    found = neighbours_among(items, 5)
    np.testing.assert_array_equal(found.indices, whole.indices)
    np.testing.assert_array_equal(found.distances, whole.distances)


def test_a_query_is_answered_alone_as_in_company_to_the_last_bit():
    items, queries = rows(2000, 96), rows(333, 96, seed=1)
    together = nearest(queries, items, 9)
    for at in (0, 7, 200, 332):
        alone = nearest(queries[at : at + 1], items, 9)
        np.testing.assert_array_equal(alone.indices[0], together.indices[at])
        np.testing.assert_array_equal(alone.distances[0], together.distances[at])


def test_of_items_at_one_place_the_first_are_taken():
    """Thirty copies are more than are held to be told apart in double precision."""
    items = np.concatenate([rows(20), np.tile(rows(1, seed=5), (30, 1)), rows(20, seed=2)])
    found = nearest(items[25:26], items, 4)
    assert found.indices[0].tolist() == [20, 21, 22, 23]
    assert found.distances[0].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert 25 not in neighbours_among(items, 40).indices[25]


def test_of_thousands_at_one_place_the_first_are_taken():
    items = np.concatenate([rows(5), np.tile(rows(1, seed=5), (2_000, 1)), rows(20, seed=2)])
    found = neighbours_among(items, 3)
    assert found.indices[1_000].tolist() == [5, 6, 7]
    assert found.indices[6].tolist() == [5, 7, 8]
    assert not found.distances[5:2_005].any()


def test_what_single_precision_cannot_tell_apart_is_ordered_all_the_same():
    items = np.zeros((40, 2), np.float32)
    items[:, 0] = 1.0
    items[:, 1] = 1e-4 * np.arange(40)[::-1]
    items = unit_rows(items)
    assert nearest(items[-1:], items, 6).indices[0].tolist() == [39, 38, 37, 36, 35, 34]


def test_many_items_are_searched_through_an_index_that_says_so(monkeypatch: pytest.MonkeyPatch):
    items = rows(600, 8)
    exact = neighbours_among(items, 6)
    monkeypatch.setattr(neighbours, "MOST_EXACT", 500)
    found = neighbours_among(items, 6)
    assert not found.is_exact
    assert (found.indices != np.arange(600)[:, None]).all()
    shared = np.mean([np.isin(a, b).mean() for a, b in zip(found.indices, exact.indices, strict=True)])
    assert shared > 0.95


def test_a_search_tells_how_far_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(neighbours, "_BLOCK", 50 * 100)
    told = []
    neighbours_among(rows(100), 3, told=lambda done, total: told.append((done, total)))
    assert told == [(0, 100), (50, 100), (100, 100)]

    def stop(done: int, total: int) -> None:
        if done:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        neighbours_among(rows(100), 3, told=stop)


@pytest.mark.parametrize("k", [0, 10, 11])
def test_more_neighbours_than_others_are_refused(k: int):
    with pytest.raises(InputError, match="ask for 1 to 9"):
        neighbours_among(rows(10), k)


def test_two_spaces_are_not_mixed():
    with pytest.raises(InputError, match="24 and of 8 dimensions"):
        nearest(rows(3), rows(5, 8), 1)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_rows_without_direction_are_refused(value: float):
    with pytest.raises(InputError, match="has no direction"):
        unit_rows(np.array([[1.0, 2.0], [value, 0.0]], np.float32))


def test_long_rows_do_not_overflow():
    np.testing.assert_allclose(unit_rows(np.array([[3e30, 4e30]], np.float32)), [[0.6, 0.8]], rtol=1e-6)

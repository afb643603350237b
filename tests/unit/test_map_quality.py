"""How far a map can be trusted: against scikit-learn, on perfect maps, torn ones and random ones."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from workbench.core import map_quality as measured
from workbench.core.map_quality import map_quality, torn_from
from workbench.core.neighbours import nearest, neighbours_among, unit_rows
from workbench.errors import InputError


def circle(n: int) -> np.ndarray:
    """Return unit rows of two dimensions, whose map is they themselves; no two pairs are equally far apart."""
    angles = np.sort(np.random.default_rng(1).uniform(0, 2 * np.pi, n))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def random_rows(n: int, dim: int = 16) -> np.ndarray:
    return unit_rows(np.random.default_rng(0).standard_normal((n, dim)).astype(np.float32))


@pytest.mark.parametrize("k", [3, 10])
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_measures_are_those_of_scikit_learn(k: int, noise: float):
    features = random_rows(300)
    coords = features[:, :2].astype(np.float64) + noise * np.random.default_rng(2).standard_normal((300, 2))
    found = map_quality(features, coords, neighbours_among(features, k))
    exact = features.astype(np.float64)
    assert found.trustworthiness == pytest.approx(
        trustworthiness(exact, coords, n_neighbors=k, metric="cosine"), abs=1e-9
    )
    assert found.continuity == pytest.approx(trustworthiness(coords, exact, n_neighbors=k), abs=1e-9)
    assert found.n_tested == 300


def test_a_perfect_map_is_perfect():
    features = circle(100)
    found = map_quality(features, features, neighbours_among(features, 6))
    assert (found.trustworthiness, found.continuity, found.preservation) == (1.0, 1.0, 1.0)
    assert not found.is_torn.any()


def test_a_random_map_is_worth_half():
    features = random_rows(1500)
    coords = np.random.default_rng(3).standard_normal((1500, 2))
    found = map_quality(features, coords, neighbours_among(features, 10))
    assert found.trustworthiness == pytest.approx(0.5, abs=0.02)
    assert found.continuity == pytest.approx(0.5, abs=0.02)
    assert found.preservation < 0.03
    assert found.is_torn.mean() > 0.95


def test_the_items_that_were_moved_are_the_torn_ones():
    features = circle(200)
    coords = features.astype(np.float64)
    coords[[20, 90]] += [[5.0, 0.0], [0.0, 7.0]]
    found = map_quality(features, coords, neighbours_among(features, 5))
    assert np.flatnonzero(found.is_torn).tolist() == [20, 90]
    assert found.kept[20] == 0.0


def test_items_at_one_place_are_each_others_neighbours():
    features = circle(30)
    found = map_quality(features, np.zeros((30, 2)), neighbours_among(features, 4))
    assert 0.2 < found.trustworthiness < 1.0


def test_of_many_items_a_sample_is_tested(monkeypatch: pytest.MonkeyPatch):
    features = random_rows(600)
    coords = features[:, :2]
    neighbours = neighbours_among(features, 8)
    whole = map_quality(features, coords, neighbours)
    monkeypatch.setattr(measured, "MOST_TESTED", 200)
    found = map_quality(features, coords, neighbours)
    assert found.n_tested == 200
    assert found.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    assert found.trustworthiness != whole.trustworthiness
    np.testing.assert_array_equal(found.kept, whole.kept)
    assert map_quality(features, coords, neighbours).trustworthiness == found.trustworthiness


def test_too_many_neighbours_are_refused():
    features = random_rows(12)
    with pytest.raises(InputError, match="8 neighbours among 12 items"):
        map_quality(features, features[:, :2], neighbours_among(features, 8))
    assert map_quality(features, features[:, :2], neighbours_among(features, 7)).n_neighbours == 7


def test_what_comes_later_is_torn_where_its_neighbours_are_elsewhere():
    features = circle(120)
    neighbours = nearest(features[[3, 50]] * np.float32(1), features, 6)
    placed = features[[3, 50]].astype(np.float64)
    assert torn_from(placed, features, neighbours).tolist() == [False, False]
    assert torn_from(-placed, features, neighbours).tolist() == [True, True]

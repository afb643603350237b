"""Groups in a space, what they are called, and a space seen through words."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from workbench.core import clusters
from workbench.core.clusters import clustered, namings, usual_size
from workbench.core.facets import through_words
from workbench.core.neighbours import unit_rows
from workbench.errors import InputError


def groups(sizes: tuple[int, ...], noise: float = 0.15, dim: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    own = np.repeat(np.arange(len(sizes)), sizes)
    middles = unit_rows(rng.standard_normal((len(sizes), dim)).astype(np.float32))
    order = rng.permutation(len(own))
    noisy = middles[own] + noise * rng.standard_normal((len(own), dim)) / np.sqrt(dim) * 3
    return unit_rows(noisy.astype(np.float32))[order], own[order]


def test_planted_groups_are_found_the_largest_first():
    features, own = groups((30, 80, 50))
    found = clustered(features)
    assert found.n_clusters == 3
    assert adjusted_rand_score(own, found.labels) > 0.95
    counts = np.bincount(found.labels[found.labels >= 0])
    assert counts.tolist() == sorted(counts, reverse=True)


def test_exemplars_are_the_members_nearest_to_the_middle():
    features, _ = groups((30, 80, 50))
    found = clustered(features, n_exemplars=2)
    for label, exemplars in enumerate(found.exemplars):
        members = np.flatnonzero(found.labels == label)
        cosines = features[members].astype(np.float64) @ features[members].mean(axis=0, dtype=np.float64)
        assert exemplars.tolist() == members[np.argsort(-cosines, kind="stable")[:2]].tolist()


def test_of_many_items_the_others_join_the_groups_of_a_sample(monkeypatch: pytest.MonkeyPatch):
    features, own = groups((300, 200, 250))
    monkeypatch.setattr(clusters, "MOST_GROUPED", 250)
    found = clustered(features, fewest=20)
    assert adjusted_rand_score(own, found.labels) > 0.95
    np.testing.assert_array_equal(clustered(features, fewest=20).labels, found.labels)


@pytest.mark.parametrize("n_items", [1, 2, 3, 4])
def test_few_items_are_no_group(n_items: int):
    found = clustered(groups((10,))[0][:n_items])
    assert found.labels.tolist() == [-1] * n_items
    assert found.exemplars.shape == (0, 3)


def test_equal_items_can_be_grouped():
    assert len(clustered(np.tile(groups((1,))[0], (30, 1))).labels) == 30


def test_groups_of_one_are_refused():
    with pytest.raises(InputError, match="2 items or more"):
        clustered(groups((10,))[0], fewest=1)


def test_the_usual_size_is_one_in_a_hundred():
    assert [usual_size(n) for n in (10, 500, 2000)] == [5, 5, 20]


def test_a_name_is_what_sets_a_group_apart():
    """The first sentence fits every group best, and names none."""
    labels = np.array([0, 0, 1, 1, -1])
    cosines = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.1, 0.3], [0.9, 0.1, 0.3], [0, 1, 1]], np.float32)
    np.testing.assert_allclose(namings(cosines, labels), [[0, 0.4, -0.2], [0, -0.4, 0.2]], atol=1e-6)
    assert namings(cosines, np.zeros(5, int)).argmax() == 0
    assert namings(cosines, np.full(5, -1)).shape == (0, 3)


def test_a_space_through_words_knows_only_what_they_tell_apart():
    rng = np.random.default_rng(0)
    colour, shape = rng.integers(0, 4, 300), rng.integers(0, 5, 300)
    axes = np.eye(16)
    features = unit_rows((axes[colour] + 2 * axes[4 + shape] + 0.1 * rng.standard_normal((300, 16))).astype(np.float32))
    words = unit_rows((axes[:4] + 3 * axes[12]).astype(np.float32))  # all of them share most
    assert adjusted_rand_score(colour, clustered(features).labels) < 0.5
    seen = through_words(features @ words.T)
    assert adjusted_rand_score(colour, clustered(seen).labels) > 0.95
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), 1, atol=1e-6)


def test_what_all_words_share_and_what_all_items_share_changes_nothing():
    cosines = np.random.default_rng(1).uniform(-1, 1, (20, 4)).astype(np.float32)
    shifted = cosines + np.linspace(0, 1, 20, dtype=np.float32)[:, None] + np.array([0, 1, 2, 3], np.float32)
    np.testing.assert_allclose(through_words(shifted), through_words(cosines), atol=1e-5)


def test_words_that_tell_nothing_apart_are_refused():
    with pytest.raises(InputError, match="two or more"):
        through_words(np.ones((5, 1), np.float32))
    with pytest.raises(InputError, match="all alike"):
        through_words(np.ones((5, 3), np.float32))

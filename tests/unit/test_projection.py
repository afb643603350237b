"""Maps: axes against scikit-learn, UMAP against umap-learn, and places that nobody moves."""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from tqdm import tqdm

from workbench.core.neighbours import nearest, neighbours_among, unit_rows
from workbench.core.projection import among_neighbours, principal_axes, umap_layout
from workbench.errors import Cancelled, InputError
from workbench.types.embedding import Neighbours


def islands(n: int, n_islands: int = 5, dim: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    own = np.arange(n) % n_islands
    middles = np.random.default_rng(99).standard_normal((n_islands, dim))
    return unit_rows((middles[own] + 0.4 * rng.standard_normal((n, dim))).astype(np.float32)), own


def test_axes_are_those_of_scikit_learn():
    features, _ = islands(300)
    axes, reference = principal_axes(features, 3), PCA(3, svd_solver="full").fit(features.astype(np.float64))
    signs = np.sign((axes.components * reference.components_).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(axes.components * signs, reference.components_, atol=1e-5)
    np.testing.assert_allclose(axes.shares, reference.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(axes.place(features) * signs[:, 0], reference.transform(features), atol=1e-5)


def test_an_axis_has_the_sign_of_its_largest_loading():
    features, _ = islands(200)
    components = principal_axes(features, 4).components
    assert (np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_an_item_falls_on_axes_alone_as_in_company_to_the_last_bit():
    features, _ = islands(500, dim=96)
    axes = principal_axes(features[:300], 2)
    together = axes.place(features)
    for at in (0, 299, 300, 499):
        np.testing.assert_array_equal(axes.place(features[at : at + 1])[0], together[at])


@pytest.mark.parametrize("n_items", [1, 2])
def test_axes_that_there_are_none_of_are_flat(n_items: int):
    axes = principal_axes(islands(n_items)[0], 3)
    assert np.abs(axes.place(islands(n_items)[0])[:, n_items - 1 :]).max() < 1e-6
    assert axes.shares[n_items - 1 :].max() < 1e-6


def test_equal_items_lie_at_one_place():
    features = np.tile(islands(1)[0], (20, 1))
    assert np.ptp(principal_axes(features, 2).place(features), axis=0).max() < 1e-6


def test_a_space_of_one_dimension_has_a_flat_second_axis():
    axes = principal_axes(np.array([[1.0], [-1.0], [1.0]], np.float32), 2)
    np.testing.assert_allclose(axes.place(np.array([[1.0], [-1.0]], np.float32))[:, 1], 0)


@pytest.fixture(scope="module")
def mapped() -> tuple[np.ndarray, np.ndarray, Neighbours, np.ndarray]:
    features, own = islands(400)
    neighbours = neighbours_among(features, 14)
    return features, own, neighbours, umap_layout(features, neighbours)


def test_umap_is_as_good_as_that_of_umap_learn_alone(mapped):
    from umap import UMAP

    features, _, _, coords = mapped
    alone = UMAP(n_neighbors=15, metric="cosine", random_state=0, n_jobs=1).fit_transform(features)
    ours, theirs = (trustworthiness(features, found, n_neighbors=15, metric="cosine") for found in (coords, alone))
    assert abs(ours - theirs) < 0.01


def test_the_same_seed_gives_the_same_map_and_another_another(mapped):
    features, _, neighbours, coords = mapped
    np.testing.assert_array_equal(umap_layout(features, neighbours), coords)
    assert np.abs(umap_layout(features, neighbours, seed=1) - coords).max() > 0.1


def test_three_axes_and_classes(mapped):
    features, own, neighbours, coords = mapped
    assert umap_layout(features, neighbours, n_axes=3).shape == (400, 3)
    halves = np.where(own == 0, np.arange(400) // 5 % 2, -1)
    told = umap_layout(features, neighbours, classes=halves)

    def ratio(found: np.ndarray) -> float:
        """Return how far the halves of the first island are from each other, in widths of a half."""
        first, second = found[halves == 0], found[halves == 1]
        return float(np.linalg.norm(first.mean(0) - second.mean(0)) / first.std(0).mean())

    assert ratio(told) > 3 * ratio(coords)


def test_umap_tells_how_far_it_is_and_can_be_stopped(mapped):
    features, _, neighbours, _ = mapped
    told: list[tuple[int, int]] = []
    umap_layout(features, neighbours, told=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 500)
    assert told[-1] == (500, 500)

    def stop(done: int, total: int) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        umap_layout(features, neighbours, told=stop)


@pytest.mark.parametrize("n_items", [8, 9, 12])
@pytest.mark.parametrize("n_axes", [2, 3])
def test_few_items_have_a_map(n_items: int, n_axes: int):
    features, _ = islands(n_items)
    coords = umap_layout(features, neighbours_among(features, min(14, n_items - 1)), n_axes)
    assert coords.shape == (n_items, n_axes)
    assert np.isfinite(coords).all()


def test_too_few_items_are_refused():
    features, _ = islands(7)
    with pytest.raises(InputError, match="8 items or more, and there are 7"):
        umap_layout(features, neighbours_among(features, 3))


def test_equal_items_have_a_map():
    features = np.tile(islands(1)[0], (40, 1))
    assert np.isfinite(umap_layout(features, neighbours_among(features, 14))).all()


def test_what_comes_later_lies_among_its_neighbours():
    coords = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]], np.float32)
    found = Neighbours(np.array([[0, 1], [1, 2], [0, 2]]), np.array([[0.1, 0.2], [0.0, 0.3], [0.0, 0.0]]))
    np.testing.assert_allclose(among_neighbours(found, coords), [[0.8, 0.0], [4.0, 0.0], [0.0, 4.0]], rtol=1e-12)


def test_a_later_item_has_one_place_whoever_comes_with_it(mapped):
    features, own, _, coords = mapped
    later, islands_of_later = islands(60, seed=3)
    together = among_neighbours(nearest(later, features, 15), coords)
    for at in (0, 31, 59):
        np.testing.assert_array_equal(
            among_neighbours(nearest(later[at : at + 1], features, 15), coords)[0], together[at]
        )
    middles = np.stack([coords[own == island].mean(axis=0) for island in range(5)])
    nearest_island = np.linalg.norm(together[:, None] - middles, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest_island, islands_of_later)
    np.testing.assert_array_equal(among_neighbours(nearest(features[5:6], features, 15), coords)[0], coords[5])


@pytest.mark.parametrize("is_quick", [False, True])
def test_what_was_stopped_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch, is_quick: bool):
    """Stopped on its way, and by the last step alone, where all is done before tqdm writes for a second time."""
    if is_quick:
        monkeypatch.setattr("tqdm.std.tqdm.__init__", functools.partialmethod(tqdm.__init__, mininterval=1e9))
    features = unit_rows(np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32))
    neighbours = neighbours_among(features, 8)

    def stop(done: int, total: int) -> None:
        if done:
            raise Cancelled("enough")

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as another:
        for _ in range(2):
            with pytest.raises(Cancelled):
                one.submit(umap_layout, features, neighbours, told=stop).result(timeout=120)
            assert another.submit(umap_layout, features, neighbours).result(timeout=120).shape == (60, 2)

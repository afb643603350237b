"""What is read from embeddings, against slow loops, against scikit-learn, and where the answer is known."""

from __future__ import annotations

import tracemalloc
import warnings

import jaxtyping
import numpy as np
import pytest
from scipy import stats
from scipy.special import i0

from workbench.core import columns
from workbench.core.probing import (
    Probe,
    Retrieval,
    alignment,
    knn_accuracy,
    linear_probe,
    retrieval,
    uniformity,
)
from workbench.errors import InputError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def on_circle(degrees: list[float]) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def clouds(n_groups: int, size: int, n_labels: int, apart: float, seed: int = 0):
    """Return items of groups of one label each, whose labels lie ``apart`` and whose groups lie around that."""
    draw = rng(seed)
    labels = np.repeat(np.arange(n_groups) % n_labels, size)
    groups = np.repeat(np.arange(n_groups), size)
    centres = apart * draw.normal(size=(n_labels, 6))[labels] + draw.normal(size=(n_groups, 6))[groups]
    order = draw.permutation(len(labels))
    return (centres + 0.3 * draw.normal(size=centres.shape))[order], labels[order], groups[order]


def both(features, labels, groups) -> list[Probe]:
    return [knn_accuracy(features, labels, groups, 3), linear_probe(features, labels, groups, 0)]


def slow_knn(features, labels, groups, k: int) -> float:
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    n_right = 0
    for item, group in enumerate(groups):
        cosine = {other: unit[item] @ unit[other] for other in range(len(unit)) if groups[other] != group}
        near = [labels[other] for other in sorted(cosine, key=cosine.__getitem__, reverse=True)[:k]]
        most = max(near.count(label) for label in near)
        n_right += next(label for label in near if near.count(label) == most) == labels[item]
    return n_right / len(unit)


def test_neighbours_vote():
    """Nearest to each item are a b, b, a and b; of all three others, most are b, a, a and b."""
    features, groups = on_circle([0, 40, 70, 90]), np.arange(4)
    found = {k: knn_accuracy(features, np.array(list("abba")), groups, k).per_label for k in (1, 3)}
    assert found == {1: {"a": 0.0, "b": 0.5}, 3: {"a": 0.0, "b": 0.0}}


def test_the_nearest_decides_a_tie():
    """Of two neighbours that disagree, the nearest has it: two are read as one is. Of three, two may overrule it."""
    features, labels, groups = clouds(30, 10, 3, apart=0.7)
    one, two, three = (knn_accuracy(features, labels, groups, k) for k in (1, 2, 3))
    assert one == two != three


def test_neighbours_of_the_same_group_never_vote():
    """Frames of a film are nearly the same, and labels have nothing to do with what they show."""
    features, _, groups = clouds(40, 8, 2, apart=0)
    labels = rng(1).permutation(np.arange(40) % 2)[groups]
    leaky = knn_accuracy(features, labels, np.arange(320), 3)
    assert leaky.accuracy > 0.95
    assert knn_accuracy(features, labels, groups, 3).accuracy < 0.65


@pytest.mark.parametrize("k", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("n_labels", [2, 5])
def test_neighbours_are_those_of_a_slow_loop(k: int, n_labels: int, monkeypatch: pytest.MonkeyPatch):
    features, labels, groups = clouds(30, 10, n_labels, apart=0.7)
    expected = slow_knn(features, labels, groups, k)
    assert 0.3 < expected < 0.95
    monkeypatch.setattr(columns, "_ENTRIES", 1)  # two blocks of items
    assert knn_accuracy(features, labels, groups, k).accuracy == expected


@pytest.mark.parametrize(("k", "n_labels"), [(1, 2), (1, 6), (5, 2), (15, 2)])
def test_neighbours_without_groups_are_those_of_scikit_learn(k: int, n_labels: int):
    neighbors = pytest.importorskip("sklearn.neighbors")
    features, labels, _ = clouds(30, 10, n_labels, apart=0.3)
    reference = neighbors.KNeighborsClassifier(k, metric="cosine").fit(features, labels)
    found = knn_accuracy(features, labels, np.arange(len(labels)), k)
    is_right = reference.predict(None) == labels
    assert found.accuracy == is_right.mean()
    assert found.per_label == {label: is_right[labels == label].mean() for label in range(n_labels)}


def test_only_the_direction_counts_for_neighbours():
    features, labels, groups = clouds(30, 10, 3, apart=0.7)
    found = knn_accuracy(features, labels, groups, 5)
    assert knn_accuracy(features * rng(3).uniform(0.01, 100, size=(300, 1)), labels, groups, 5) == found
    assert knn_accuracy(features.astype(np.float32), labels, groups, 5).accuracy == pytest.approx(found.accuracy)


@pytest.mark.parametrize("order", ["by label", "by group", "mixed"])
def test_an_embedding_of_one_point_reads_nothing(order: str):
    labels, groups = np.repeat(np.arange(4), 60), np.repeat(np.arange(24), 10)
    if order == "by group":
        labels = np.tile(np.arange(4), 60)
    if order == "mixed":
        new = rng().permutation(240)
        labels, groups = labels[new], groups[new]
    found = both(np.full((240, 5), 0.7), labels, groups)
    assert max(probe.accuracy for probe in found) < 0.35


@pytest.mark.parametrize("names", [np.array([3, 7, 5]), np.array(["dog", "cat", "owl"])])
def test_a_probe_says_what_it_found_of_each_label(names: np.ndarray):
    """The last label lies where the first does, and is half as frequent: it is taken for it."""
    corner = np.array([0] * 40 + [1] * 40 + [0] * 20)
    groups = np.tile(np.arange(10), 10)
    features = np.eye(2)[corner] + 1e-3 * rng().normal(size=(100, 2))
    labels = names[np.array([0] * 40 + [1] * 40 + [2] * 20)]
    expected = dict(zip(names.tolist(), [1.0, 1.0, 0.0], strict=True))
    for found in (knn_accuracy(features, labels, groups, 50), linear_probe(features, labels, groups, 0)):
        assert (found.accuracy, found.chance, found.n_items) == (0.8, 0.4, 100)
        assert found.per_label == expected


def read_by_group(n_right: int, n_wrong: int, size: int, size_wrong: int) -> Probe:
    """Return a probe that reads so many whole groups of either label rightly, and so many wrongly.

    Those that are wrong lie among the others of the other label, and fewer than they.
    """
    sizes = np.tile([size] * n_right + [size_wrong] * n_wrong, 2)
    corners = np.repeat([0] * n_right + [1] * n_wrong + [1] * n_right + [0] * n_wrong, sizes)
    labels, groups = np.repeat(np.repeat([0, 1], n_right + n_wrong), sizes), np.repeat(np.arange(len(sizes)), sizes)
    k = n_right * size + n_wrong * size_wrong - max(size, size_wrong)
    return knn_accuracy(np.eye(2)[corners], labels, groups, k)


@pytest.mark.parametrize("size", [1, 10])
def test_the_interval_is_one_of_groups_and_not_of_their_items(size: int):
    """As many of 200 groups are right as a binomial variable is."""
    found = read_by_group(75, 25, size, size)
    assert found.accuracy == 0.75
    assert found.interval == pytest.approx(stats.binom.ppf([0.025, 0.975], 200, 0.75) / 200, abs=0.006)


def test_the_interval_has_no_width_where_all_groups_are_alike():
    assert read_by_group(9, 0, 4, 4).interval == (1.0, 1.0)


def test_groups_count_as_their_items_do():
    """Half of 20 groups are right, nine times as large as those that are wrong."""
    found, n_right = read_by_group(5, 5, 9, 1), stats.binom.ppf([0.025, 0.975], 20, 0.5)
    assert found.accuracy == 0.9
    assert found.interval == pytest.approx(9 * n_right / (8 * n_right + 20), abs=0.03)


def test_a_seed_says_all_that_chance_does():
    features, labels, groups = clouds(23, 7, 3, apart=0.4)
    assert knn_accuracy(features, labels, groups, 3, seed=4) == knn_accuracy(features, labels, groups, 3, seed=4)
    assert linear_probe(features, labels, groups, 4) == linear_probe(features, labels, groups, 4)
    dealt = {linear_probe(features, labels, groups, seed).accuracy for seed in range(3)}
    drawn = {knn_accuracy(features, labels, groups, 3, seed).interval for seed in range(3)}
    assert min(len(dealt), len(drawn)) > 1


def test_a_linear_probe_reads_what_lies_apart():
    features, labels, groups = clouds(20, 10, 4, apart=30)
    assert linear_probe(features, labels, groups, 0).accuracy == 1.0


def test_a_linear_probe_never_learns_from_the_group_it_reads():
    features, _, groups = clouds(30, 10, 2, apart=0)
    features = np.concatenate([features, 5 * np.eye(30)[groups]], axis=1)  # the group can be read, and so its label
    labels = rng(1).permutation(np.arange(30) % 2)[groups]
    assert linear_probe(features, labels, np.arange(300), 0).accuracy > 0.95
    assert linear_probe(features, labels, groups, 0).accuracy < 0.75


def test_a_linear_probe_of_a_fold_a_group_is_that_of_scikit_learn():
    model_selection = pytest.importorskip("sklearn.model_selection")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels, groups = clouds(12, 10, 3, apart=0.6)
    expected = model_selection.cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        features,
        labels,
        groups=groups,
        cv=model_selection.LeaveOneGroupOut(),
    )
    found = linear_probe(features, labels, groups, 0, n_folds=12)
    assert 0.4 < found.accuracy < 0.95
    assert found.accuracy == (expected == labels).mean()
    assert linear_probe(features, labels, groups, 0, n_folds=500) == found


def test_units_and_zeros_of_a_feature_do_not_matter_to_a_linear_probe():
    features, labels, groups = clouds(20, 10, 3, apart=0.6)
    found = linear_probe(features, labels, groups, 0)
    moved = features * 10.0 ** np.arange(-3, 3) + np.arange(6) * 100
    assert linear_probe(moved, labels, groups, 0) == found
    constant = np.concatenate([features, np.full((200, 1), 3.0)], axis=1)
    assert linear_probe(constant, labels, groups, 0) == found


def test_labels_with_fewer_items_than_folds_are_read_without_a_warning():
    labels, groups = np.arange(10) // 2, np.arange(10)
    features = np.eye(5)[labels] + 0.01 * rng().normal(size=(10, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert linear_probe(features, labels, groups, 0).accuracy == 1.0
        rare = np.array([0] * 20 + [1] * 20 + [2] * 2)
        assert linear_probe(np.eye(3)[rare], rare, np.arange(42), 0).accuracy == 1.0


def test_two_groups_are_two_folds():
    labels, groups = np.tile([0, 1], 10), np.repeat([0, 1], 10)
    assert linear_probe(np.eye(2)[labels], labels, groups, 0).accuracy == 1.0


def test_a_label_that_a_fold_has_whole_is_refused():
    """Groups of several labels can be dealt so that the two of one label come together; by another seed they do not."""
    features, labels, groups = rng().normal(size=(6, 3)), np.array([0, 0, 2, 1, 2, 1]), np.array([0, 1, 1, 2, 2, 3])
    said = []
    for seed in range(10):
        try:
            said.append(f"{linear_probe(features, labels, groups, seed, n_folds=2).n_items} items")
        except InputError as error:
            said.append(str(error).replace(f"By seed {seed} ", ""))
    assert set(said) == {"6 items", "all groups of a label fall into one fold; give another seed or more groups."}


@pytest.mark.parametrize("n_labels", [0, 1])
def test_labels_that_cannot_be_told_apart_are_refused(n_labels: int):
    for probe in (lambda *of: knn_accuracy(*of, 1), lambda *of: linear_probe(*of, 0)):
        with pytest.raises(InputError, match=f"nothing to tell apart with {n_labels} labels; give at least 2"):
            probe(np.ones((9 * n_labels, 2)), np.zeros(9 * n_labels, int), np.arange(9 * n_labels))


def test_what_cannot_be_probed_is_refused(monkeypatch: pytest.MonkeyPatch):
    features, labels, groups = clouds(6, 5, 2, apart=1)
    for probe in (lambda *of: knn_accuracy(*of, 1), lambda *of: linear_probe(*of, 0)):
        for broken in (np.nan, -np.inf):
            spoilt = features.copy()
            spoilt[4, 2] = broken
            with pytest.raises(InputError, match="A feature is not a finite number; compute the features again"):
                probe(spoilt, labels, groups)
        with pytest.raises(InputError, match="features are empty; give at least one number"):
            probe(features[:, :0], labels, groups)
        alone = np.where(groups == 3, "rare", labels.astype(str))
        with pytest.raises(InputError, match=r"label rare is in one group alone.*leave it out, or add another group"):
            probe(features, alone, groups)
        with monkeypatch.context() as patch:
            patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
            for wrong in (
                (features[1:], labels, groups),
                (features, labels[1:], groups),
                (features, labels, groups[1:]),
            ):
                with pytest.raises(
                    InputError, match=r"There are \d+ items, \d+ labels and \d+ groups; give each item one"
                ):
                    probe(*wrong)
    for n_folds in (1, 0, -3):
        with pytest.raises(InputError, match=f"with {n_folds} folds; ask for at least 2"):
            linear_probe(features, labels, groups, 0, n_folds)


@pytest.mark.parametrize("k", [0, -1, 21])
def test_more_neighbours_than_other_groups_have_are_refused(k: int):
    """Of 30 items, 10 are of one group."""
    features, labels, groups = clouds(6, 5, 2, apart=1)
    groups = np.where(groups == 5, 3, groups)
    with pytest.raises(InputError, match=f"only 20 of other groups, so not {k} neighbours; ask for 1 to 20"):
        knn_accuracy(features, labels, groups, k)
    assert knn_accuracy(features, labels, groups, 20).n_items == 30


def test_items_without_direction_are_refused():
    features, labels, groups = clouds(6, 5, 2, apart=1)
    features[[3, 8]] = 0
    for ask in (
        lambda: knn_accuracy(features, labels, groups, 1),
        lambda: alignment(features, features),
        lambda: uniformity(features),
    ):
        with pytest.raises(InputError, match="Of 30 items, 2 are all zeros, without direction; leave them out"):
            ask()


def slow_ranks(similarity: np.ndarray, truth: np.ndarray) -> list[int]:
    """The place of the first true item in each row, sorted with the untrue of two equal ones first."""
    ranks = []
    for values, is_true in zip(similarity.tolist(), truth.tolist(), strict=True):
        order = sorted(zip(values, is_true, strict=True), key=lambda pair: (-pair[0], pair[1]))
        ranks.append(1 + [is_true for _, is_true in order].index(True))
    return ranks


def test_retrieval_of_known_ranks():
    """Ranks 1, 2, 6 and 12."""
    similarity = np.tile(-np.arange(12.0), (4, 1))
    truth = np.zeros((4, 12), bool)
    truth[[0, 1, 2, 3], [0, 1, 5, 11]] = True
    found = retrieval(similarity, truth)
    assert found.chance == pytest.approx((1 / 12, 5 / 12, 10 / 12))
    assert found == Retrieval(0.25, 0.5, 0.75, 4.0, (1 + 1 / 2 + 1 / 6 + 1 / 12) / 4, found.chance)


def test_the_chance_of_ranks_is_what_random_orders_give():
    rng = np.random.default_rng(3)
    truth = rng.random((6, 14)) < 0.2
    truth[np.arange(6), rng.integers(14, size=6)] = True
    found = [retrieval(rng.random(truth.shape), truth) for _ in range(1_000)]
    drawn = np.mean([(each.r_at_1, each.r_at_5, each.r_at_10) for each in found], axis=0)
    assert found[0].chance == pytest.approx(drawn, abs=0.02)
    assert retrieval(np.ones((1, 3)), np.ones((1, 3), bool)).chance == (1.0, 1.0, 1.0)


def test_only_the_best_true_item_counts():
    similarity = np.array([[3.0, 1.0, 2.0, 0.0]])
    assert retrieval(similarity, np.array([[True, False, True, False]])).median_rank == 1
    assert retrieval(similarity, np.array([[False, False, True, True]])).median_rank == 2
    assert retrieval(similarity, np.array([[False, True, False, True]])).median_rank == 3


def test_ties_count_against():
    truth = np.eye(8, dtype=bool)
    found = retrieval(np.ones((8, 8), np.float32), truth)
    assert found == Retrieval(0.0, 0.0, 1.0, 8.0, 1 / 8, found.chance)
    assert retrieval(np.ones((2, 3)), np.ones((2, 3), bool)).r_at_1 == 1.0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_retrieval_is_that_of_a_slow_loop(seed: int, dtype: type):
    draw = rng(seed)
    similarity = draw.integers(-40, 5, size=(13, 30)).astype(dtype) / 10
    truth = draw.random((13, 30)) < 0.05
    truth[np.arange(13), draw.integers(30, size=13)] = True
    ranks = np.array(slow_ranks(similarity, truth))
    found = retrieval(similarity, truth)
    assert [found.r_at_1, found.r_at_5, found.r_at_10] == [(ranks <= most).mean() for most in (1, 5, 10)]
    assert found.median_rank == np.median(ranks)
    assert found.mean_reciprocal_rank == pytest.approx((1 / ranks).mean())


def test_the_other_direction_is_the_transpose():
    similarity = np.array([[0.9, 0.8], [0.95, 0.7]])
    truth = np.eye(2, dtype=bool)
    assert retrieval(similarity, truth).r_at_1 == 0.5
    assert retrieval(similarity.T, truth.T).r_at_1 == 0.0


def test_queries_that_cannot_be_ranked_are_refused(monkeypatch: pytest.MonkeyPatch):
    similarity, truth = np.ones((3, 4)), np.zeros((3, 4), bool)
    truth[1, 2] = True
    with pytest.raises(InputError, match="Of 3 queries, 2 have no true item to find; leave them out"):
        retrieval(similarity, truth)
    for broken in (np.nan, np.inf):
        with pytest.raises(InputError, match="similarity is not a finite number; compute the embeddings again"):
            retrieval(np.full((3, 4), broken), ~truth)
    for shape in ((0, 4), (3, 0)):
        with pytest.raises(InputError, match="do not pair queries with items; give one a pair"):
            retrieval(np.ones(shape), np.ones(shape, bool))
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(InputError, match=r"\(3, 4\) and truth \(4, 3\) do not pair"):
        retrieval(similarity, truth.T)


def test_alignment_runs_from_the_same_direction_to_the_opposite():
    here = rng().normal(size=(5, 3))
    assert alignment(here, here * [[1], [2], [0.1], [7], [1e3]]) == pytest.approx(0, abs=1e-15)
    assert alignment(here, -2 * here) == pytest.approx(4)
    assert alignment(on_circle([0, 10]), on_circle([90, 10])) == pytest.approx(1)  # the mean of 2 and 0
    assert alignment(on_circle([0]), on_circle([60])) == pytest.approx(1)


def test_partners_that_do_not_pair_are_refused(monkeypatch: pytest.MonkeyPatch):
    here = rng().normal(size=(5, 3))
    with pytest.raises(InputError, match="are no partners; give one for each item"):
        alignment(here[:0], here[:0])
    for pair in ((here, here * np.nan), (here * np.inf, here)):
        with pytest.raises(InputError, match="not a finite number"):
            alignment(*pair)
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    for other in (here[:1], here[:, :1]):
        with pytest.raises(InputError, match="are no partners; give one for each item"):
            alignment(here, other)


def slow_uniformity(features: np.ndarray) -> float:
    unit = [row / np.linalg.norm(row) for row in features]
    pairs = [(one, two) for at, one in enumerate(unit) for two in unit[:at]]
    return float(np.log(np.mean([np.exp(-2 * ((one - two) ** 2).sum()) for one, two in pairs])))


@pytest.mark.parametrize("n_items", [2, 3, 256, 257, 520])
def test_uniformity_is_that_of_a_slow_loop(n_items: int, monkeypatch: pytest.MonkeyPatch):
    features = rng().normal(size=(n_items, 4)) + 0.5
    monkeypatch.setattr(columns, "_ENTRIES", 1)  # blocks of 256 items
    assert uniformity(features) == pytest.approx(slow_uniformity(features), rel=1e-12)


def test_uniformity_of_known_spreads():
    assert uniformity(np.tile([0.3, 0.4], (5, 1))) == pytest.approx(0, abs=1e-12)
    assert uniformity(on_circle([0, 180])) == pytest.approx(-8)
    n_items = 400
    of_all = i0(4) * np.exp(-4)  # the mean over the circle, an item with itself counted
    expected = np.log((n_items * of_all - 1) / (n_items - 1))
    assert uniformity(on_circle(np.linspace(0, 360, n_items, endpoint=False).tolist())) == pytest.approx(expected)
    assert uniformity(rng().normal(size=(3000, 3))) == pytest.approx(np.log(np.sinh(4) / 4) - 4, abs=0.01)
    assert uniformity(rng().normal(size=(1000, 400))) == pytest.approx(-4, abs=0.05)


def test_uniformity_holds_no_matrix_of_all_pairs(monkeypatch: pytest.MonkeyPatch):
    features = rng().normal(size=(4000, 3))
    monkeypatch.setattr(columns, "_ENTRIES", 1)
    tracemalloc.start()
    uniformity(features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 4000**2 / 4


def test_a_spread_that_cannot_be_told_is_refused():
    for n_items in (0, 1):
        with pytest.raises(InputError, match=f"no pair among {n_items} items; give at least 2"):
            uniformity(np.ones((n_items, 3)))
    with pytest.raises(InputError, match="not a finite number"):
        uniformity(np.array([[1.0, np.nan], [1.0, 2.0]]))

"""Two spaces side by side against the definitions over all pairs of items, and where the answer is known."""

from __future__ import annotations

import itertools
import tracemalloc

import jaxtyping
import numpy as np
import pytest

from workbench.core.spaces import chance_overlap, debiased_cka, linear_cka, shared_neighbours
from workbench.errors import InputError

BOTH = (linear_cka, debiased_cka)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def related(n_items: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return two spaces that share a part, neither centred."""
    first = rng(seed).normal(size=(n_items, 5)) + rng(seed + 1).normal(size=5) * 3
    return first, np.concatenate([first[:, :2] ** 2, rng(seed + 2).normal(size=(n_items, 2)) - 7], axis=1)


def gram_cka(first: np.ndarray, second: np.ndarray) -> float:
    """The definition: HSIC by the trace over centred Gram matrices."""
    middle = np.eye(len(first)) - 1 / len(first)
    one, two = first @ first.T, second @ second.T
    product, own, other = (np.trace(k @ middle @ g @ middle) for k, g in ((one, two), (one, one), (two, two)))
    return product / np.sqrt(own * other)


def gram_hsic(one: np.ndarray, two: np.ndarray) -> float:
    """The unbiased estimate by Song et al., equation 5, over Gram matrices."""
    n, ones = len(one), np.ones(len(one))
    k, g = one - np.diag(np.diag(one)), two - np.diag(np.diag(two))
    last = 2 / (n - 2) * ones @ k @ g @ ones
    return (np.trace(k @ g) + (ones @ k @ ones) * (ones @ g @ ones) / ((n - 1) * (n - 2)) - last) / (n * (n - 3))


def hsic_by_fours(one: np.ndarray, two: np.ndarray) -> float:
    """What that estimates, as a mean over all ordered fours of different items."""
    fours = itertools.permutations(range(len(one)), 4)
    return float(np.mean([one[s, t] * (two[s, t] + two[u, v] - 2 * two[s, u]) for s, t, u, v in fours]))


@pytest.mark.parametrize("n_items", [2, 3, 40])
def test_cka_is_that_of_gram_matrices(n_items: int):
    first, second = related(n_items)
    assert linear_cka(first, second) == pytest.approx(gram_cka(first, second), rel=1e-9)
    assert linear_cka(first[:, :1], second) == pytest.approx(gram_cka(first[:, :1], second), rel=1e-9)


@pytest.mark.parametrize("hsic", [gram_hsic, hsic_by_fours])
@pytest.mark.parametrize("n_items", [4, 5, 8])
def test_debiased_cka_is_that_of_gram_matrices_and_of_all_fours(hsic, n_items: int):
    first, second = related(n_items)
    one, two = first @ first.T, second @ second.T
    expected = hsic(one, two) / np.sqrt(hsic(one, one) * hsic(two, two))
    assert debiased_cka(first, second) == pytest.approx(expected, rel=1e-9)


def test_debiased_cka_of_many_items_is_that_of_gram_matrices():
    first, second = related(300)
    one, two = first @ first.T, second @ second.T
    expected = gram_hsic(one, two) / np.sqrt(gram_hsic(one, one) * gram_hsic(two, two))
    assert debiased_cka(first, second) == pytest.approx(expected, rel=1e-9)


def test_cka_of_a_space_with_one_of_its_axes():
    """Of sums of squares 3 and 4 along two axes at right angles, that is 3 / 5 and 4 / 5."""
    space = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) * np.sqrt([3 / 4, 4 / 4])
    assert linear_cka(space, space[:, :1]) == pytest.approx(3 / 5)
    assert linear_cka(space, space[:, 1:]) == pytest.approx(4 / 5)
    assert linear_cka(space[:, :1], space[:, 1:]) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("cka", BOTH)
def test_items_at_one_point_cannot_be_compared(cka):
    other = rng().normal(size=(7, 3))
    for dtype in (np.float32, np.float64):
        one_point = np.tile(np.array([0.1, -1e6, 0.3], dtype), (7, 1))
        with np.errstate(all="raise"):
            assert np.isnan(cka(one_point, other))
            assert np.isnan(cka(other, one_point))


def test_what_chance_explains_whole_leaves_no_debiased_number():
    other = rng().normal(size=(6, 3))
    outlier, corners = np.zeros((6, 2)), np.eye(6)
    outlier[4] = [0.3, -0.7]
    for space in (outlier, corners * 0.1):
        assert np.isnan(debiased_cka(space, other))
        assert 0 < linear_cka(space, other) < 1


def test_what_one_far_item_leaves_of_a_space_is_no_rounding():
    first, second = related(30)
    first[0] += 1e4
    one, two = first @ first.T, second @ second.T
    expected = gram_hsic(one, two) / np.sqrt(gram_hsic(one, one) * gram_hsic(two, two))
    assert debiased_cka(first, second) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("cka", BOTH)
@pytest.mark.parametrize("scale", [1e-120, 1e120])
def test_no_scale_is_too_small_or_large(cka, scale: float):
    first, second = related(30)
    assert cka(first * scale, second) == pytest.approx(cka(first, second))


def test_half_precision_is_computed_in_double():
    first, second = (np.round(space * 200).astype(np.float16) for space in related(30))
    for cka in BOTH:
        assert cka(first, second) == cka(first.astype(np.float64), second.astype(np.float64))


@pytest.mark.parametrize("cka", BOTH)
def test_no_matrix_of_items_by_items_is_made(cka):
    first, second = related(6000)
    tracemalloc.start()
    cka(first, second)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000**2 / 8


def test_inputs_are_left_as_they_are():
    first, second = related(9)
    kept = first.copy(), second.copy()
    for cka in BOTH:
        cka(first, second)
    np.testing.assert_array_equal(first, kept[0])
    np.testing.assert_array_equal(second, kept[1])


def test_shares_of_neighbours():
    first = np.array([[1, 2], [0, 2], [3, 0], [0, 1]])
    second = np.array([[2, 1], [3, 2], [1, 0], [2, 1]])
    assert shared_neighbours(first, second).tolist() == [1.0, 0.5, 0.5, 0.5]
    assert shared_neighbours(first[:, :1], second[:, :1]).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_shares_are_those_of_sets():
    draw, n_items, k = rng(), 25, 6
    first, second = (
        np.array([draw.permutation(np.delete(np.arange(n_items), at))[:k] for at in range(n_items)]) for _ in range(2)
    )
    expected = [len(set(one) & set(two)) / k for one, two in zip(first.tolist(), second.tolist(), strict=True)]
    assert shared_neighbours(first, second.astype(np.int32)).tolist() == expected
    assert len(set(expected)) > 2


@pytest.mark.parametrize(("n_items", "k"), [(5, 1), (5, 2), (6, 3), (4, 3)])
def test_chance_overlap_is_the_mean_over_all_that_neighbours_may_be(n_items: int, k: int):
    others = list(itertools.combinations(range(n_items - 1), k))
    shares = [len(set(one) & set(two)) / k for one in others for two in others]
    assert chance_overlap(n_items, k) == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("cka", BOTH)
def test_spaces_that_cannot_be_compared_are_refused(cka, monkeypatch: pytest.MonkeyPatch):
    first, second = related(9)
    for broken in (np.nan, np.inf):
        spoilt = second.copy()
        spoilt[3, 1] = broken
        for pair in ((first, spoilt), (spoilt, first)):
            with pytest.raises(InputError, match="not a finite number; compute the features again"):
                cka(*pair)
    fewest = 2 if cka is linear_cka else 4
    with pytest.raises(InputError, match=f"of {fewest - 1} items cannot be compared; give at least {fewest}"):
        cka(first[: fewest - 1], second[: fewest - 1])
    assert np.isfinite(cka(first[:fewest], second[:fewest]))
    with pytest.raises(InputError, match="none of them empty"):
        cka(first, second[:, :0])
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(InputError, match="hold 9 and 8 items; give the same items in both"):
        cka(first, second[:-1])


@pytest.mark.parametrize("row", [[0, 0], [1, 2], [-1, 0], [0, 4]], ids=["twice", "itself", "below 0", "no such item"])
def test_rows_that_are_no_neighbours_are_refused(row: list[int]):
    good = np.array([[1, 2], [0, 2], [3, 0], [0, 1]])
    bad = good.copy()
    bad[1] = row
    for pair in ((good, bad), (bad, good)):
        with pytest.raises(InputError, match="twice, itself or none that there is; find them again"):
            shared_neighbours(*pair)


@pytest.mark.parametrize(("n_items", "k"), [(4, 4), (4, 0), (1, 1), (0, 1)])
def test_neighbours_that_there_are_too_few_items_for_are_refused(n_items: int, k: int):
    rows = np.zeros((n_items, k), np.int64)
    for ask in (lambda: shared_neighbours(rows, rows), lambda: chance_overlap(n_items, k)):
        with pytest.raises(
            InputError, match=f"None of {n_items} items has {k} neighbours; ask for at least 1 and fewer"
        ):
            ask()


def test_neighbours_of_different_shapes_are_refused(monkeypatch: pytest.MonkeyPatch):
    rows = np.array([[1, 2], [0, 2], [3, 0], [0, 1]])
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    for other in (rows[:, :1], rows[:3]):
        with pytest.raises(InputError, match=r"neighbours differ in shape.*; find as many of the same items in both"):
            shared_neighbours(rows, other)

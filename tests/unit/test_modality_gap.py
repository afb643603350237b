"""The gap between two kinds of items: known answers, and what is left when it is closed."""

import numpy as np
import pytest

from workbench.core.modality_gap import centred, gap_axes, gap_between
from workbench.core.neighbours import unit_rows
from workbench.errors import InputError


def kinds(gap: float, n: int = 400, dim: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    away = np.zeros(dim)
    away[0] = gap
    return tuple(unit_rows((rng.standard_normal((n, dim)) + side * away).astype(np.float32)) for side in (1, -1))


def test_the_gap_of_four_known_items():
    first = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)
    second = np.array([[0.0, -1.0], [-1.0, 0.0]], np.float32)
    found = gap_between(first, second)
    assert found.distance == pytest.approx(np.hypot(0.8 + 0.5, 0.4 + 0.5), abs=1e-6)
    assert found.across == pytest.approx(np.mean([0, -1, -0.8, -0.6]), abs=1e-6)
    assert found.within_first == pytest.approx(0.6, abs=1e-6)
    assert found.within_second == pytest.approx(0.0, abs=1e-6)
    assert found.told_apart == 1.0


def test_items_of_one_kind_have_no_gap():
    found = gap_between(*kinds(0.0))
    assert found.distance < 0.15
    assert found.told_apart == pytest.approx(0.5, abs=0.1)


def test_a_kind_against_itself_is_on_no_side():
    rows = kinds(1.0)[0]
    found = gap_between(rows, rows)
    assert (found.distance, found.told_apart) == (0.0, 0.5)


def test_centring_closes_the_gap():
    first, second = kinds(3.0)
    assert gap_between(first, second).distance > 0.8
    closed = gap_between(centred(first), centred(second))
    assert closed.distance < 0.1
    np.testing.assert_allclose(np.linalg.norm(centred(first), axis=1), 1, atol=1e-6)


def test_a_later_item_is_centred_by_the_mean_of_those_before():
    first = kinds(3.0)[0]
    mean = first.mean(axis=0, dtype=np.float64)
    np.testing.assert_array_equal(centred(first[:5], mean), centred(first)[:5])


def test_one_item_of_a_kind_has_no_cosine_within():
    first, second = kinds(1.0)
    assert np.isnan(gap_between(first[:1], second).within_first)


def test_a_missing_kind_and_a_lone_item_are_refused():
    first = kinds(1.0)[0]
    with pytest.raises(InputError, match="one of them has none"):
        gap_between(first, first[:0])
    with pytest.raises(InputError, match="nothing is left of it"):
        centred(first[:1])


def test_on_its_axes_the_gap_is_as_long_as_it_is():
    first, second = kinds(0.8)
    axes = gap_axes(first, second)
    np.testing.assert_allclose(axes.components @ axes.components.T, np.eye(2), atol=1e-6)
    means = [axes.place(rows).mean(axis=0) for rows in (first, second)]
    assert means[0][0] - means[1][0] == pytest.approx(gap_between(first, second).distance)
    assert means[0][1] == pytest.approx(means[1][1], abs=1e-6)
    # Across it no direction shows more of how items of a kind differ.
    own = np.concatenate([rows - rows.mean(axis=0) for rows in (first, second)])
    own -= (own @ axes.components[0])[:, None] * axes.components[0]
    largest = np.linalg.svd(own, compute_uv=False)[0]
    assert np.linalg.norm(own @ axes.components[1]) == pytest.approx(largest, rel=1e-4)


def test_without_a_gap_nothing_lies_apart_on_its_line():
    first, _ = kinds(0.0)
    assert not gap_axes(first, first).place(first)[:, 0].any()

"""Density peaks against slow loops, planted spans that must be found, and the cases at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from workbench.core.hierarchy import MAX_POINTS, Node, contiguous_clusters, density_peaks, hierarchy
from workbench.errors import InputError

PATTERNS = ["AB", "ABA", "ABCDE", "ABACABDA", "ABABABAB", "ABCDEFGHIJKL"]
N_SEEDS = 50


def direction(rng, dim):
    vector = rng.normal(size=dim)
    return vector / np.linalg.norm(vector)


def noise_of(rng, shape, length):
    """Return noise whose rows are about ``length`` long; the content of the planted spans has length 1."""
    return length * rng.normal(size=shape) / np.sqrt(shape[1])


def planted(seed, pattern, noise, shortest=5, longest=40, dim=64):
    """Return features of spans whose content is named by the letters of ``pattern``, and where they start."""
    rng = np.random.default_rng(seed)
    content = {letter: direction(rng, dim) for letter in sorted(set(pattern))}
    lengths = rng.integers(shortest, longest + 1, len(pattern))
    features = np.repeat([content[letter] for letter in pattern], lengths, axis=0)
    return features + noise_of(rng, features.shape, noise), np.cumsum([0, *lengths[:-1]])


def planted_levels(seed, noise, dim=64):
    """Return features of 4 events of 2 to 5 clips, the third event like the first, and where all start."""
    rng = np.random.default_rng(seed)
    contents = [direction(rng, dim) for _ in range(4)]
    contents[2] = contents[0]
    n_clips = rng.integers(2, 6, 4)
    events, clips, parts = [], [], []
    for content, n in zip(contents, n_clips, strict=True):
        events.append(sum(map(len, parts)))
        for _ in range(n):
            clips.append(sum(map(len, parts)))
            parts.append(np.tile(content + 0.5 * direction(rng, dim), (rng.integers(8, 30), 1)))
    features = np.concatenate(parts)
    return features + noise_of(rng, features.shape, noise), events, clips


def boundary_f1(found, true, tolerance=1):
    """Return the F1 of the inner boundaries, each matched once at most, ``tolerance`` tokens off at most."""
    left, n_hits = list(found[1:]), 0
    for boundary in true[1:]:
        near = [place for place in left if abs(place - boundary) <= tolerance]
        if near:
            left.remove(min(near, key=lambda place: abs(place - boundary)))
            n_hits += 1
    return 2 * n_hits / (len(found) + len(true) - 2)


def nodes_below(node):
    return [node, *(below for child in node.children for below in nodes_below(child))]


def starts_of(nodes):
    return [node.start for node in nodes]


def slow_density_peaks(features, n_neighbours):
    """Return the same from the formulas: rho of Du et al., delta of Rodriguez & Laio, along the order."""
    n = len(features)
    distance = [[float(np.sqrt(((features[i] - features[j]) ** 2).sum())) for j in range(n)] for i in range(n)]
    largest = max(map(max, distance))
    rho = []
    for i in range(n):
        nearest = sorted(distance[i][j] ** 2 for j in range(n) if j != i)[:n_neighbours]
        rho.append(round(np.exp(-sum(nearest) / len(nearest) / largest**2), 12))
    delta = []
    for i in range(n):
        ways = []
        for j in range(n):
            if rho[j] > rho[i] or (rho[j] == rho[i] and j < i):
                ways.append(max(distance[i][m] for m in range(min(i, j), max(i, j) + 1)))
        delta.append(min(ways) if ways else largest)
    return np.array(rho), np.array(delta)


@pytest.mark.parametrize("n_neighbours", [1, 2, 5, 100])
@pytest.mark.parametrize(("n_tokens", "dim"), [(2, 3), (3, 1), (17, 4), (40, 16)])
def test_density_and_distance_are_those_of_the_formulas(n_tokens: int, dim: int, n_neighbours: int):
    features = np.random.default_rng(n_tokens).normal(size=(n_tokens, dim)) + 3.0
    density, distance = density_peaks(features, n_neighbours)
    slow_density, slow_distance = slow_density_peaks(features, n_neighbours)
    np.testing.assert_allclose(density, slow_density, atol=2e-12)
    np.testing.assert_allclose(distance, slow_distance, rtol=1e-9)


def test_equal_tokens_are_taken_in_order():
    features = np.repeat([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], 3, axis=0)
    density, distance = density_peaks(features, 2)
    np.testing.assert_array_equal(density, 1.0)
    np.testing.assert_allclose(distance, np.sqrt(2.0) * np.array([1, 0, 0, 1, 0, 0, 1, 0, 0]), atol=1e-12)


def test_more_tokens_than_are_kept_in_one_table():
    features = np.random.default_rng(0).normal(size=(MAX_POINTS + 100, 2))
    density, distance = density_peaks(features, 3)
    squared = cdist(features, features, "sqeuclidean")
    nearest = np.partition(squared, 3, axis=1)[:, :4].sum(axis=1) / 3  # the token itself adds 0
    np.testing.assert_allclose(density, np.exp(-nearest / squared.max()), atol=2e-12)
    assert distance[np.argmax(density)] == pytest.approx(np.sqrt(squared.max()))
    for token in range(0, len(features), 97):
        denser = np.flatnonzero(density > density[token])
        before, after = denser[denser < token], denser[denser > token]
        ways = [squared[token, before[-1] : token].max()] if len(before) else []
        ways += [squared[token, token + 1 : after[0] + 1].max()] if len(after) else []
        if ways:
            assert distance[token] == pytest.approx(np.sqrt(min(ways)))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_planted_spans_are_found_exactly_under_little_noise(pattern: str):
    for seed in range(N_SEEDS):
        features, starts = planted(seed, pattern, noise=(0.0, 0.1, 0.3)[seed % 3])
        assert contiguous_clusters(features, len(pattern)).tolist() == starts.tolist()


@pytest.mark.parametrize("pattern", ["ABA", "ABACABDA"])
def test_planted_spans_are_found_to_one_token_under_moderate_noise(pattern: str):
    for seed in range(N_SEEDS):
        features, starts = planted(seed, pattern, noise=0.7)
        assert boundary_f1(contiguous_clusters(features, len(pattern)), starts) >= 0.9


@pytest.mark.parametrize(
    ("noise", "dim", "shortest", "longest", "least"),
    [
        (1.0, 16, 5, 40, 0.95),
        (1.5, 64, 5, 40, 0.98),
        (1.0, 512, 3, 60, 0.99),
        (0.7, 64, 2, 12, 0.98),
    ],
)
def test_most_planted_spans_are_found_under_noise_as_long_as_the_signal(
    noise: float, dim: int, shortest: int, longest: int, least: float
):
    found = []
    for seed in range(N_SEEDS):
        features, starts = planted(seed, "ABACABDA", noise, shortest, longest, dim)
        found.append(boundary_f1(contiguous_clusters(features, 8), starts))
    assert np.mean(found) >= least


def test_content_that_changes_slowly_and_single_frames_that_fall_out_do_no_harm():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        features, starts = planted(seed, "ABACABDA", 0.0, shortest=12)
        for start in starts[1:]:
            before, after = features[start - 4].copy(), features[start + 4].copy()
            for k in range(-3, 3):
                features[start + k] = before + (k + 3.5) / 6 * (after - before)
        features += noise_of(rng, features.shape, 0.4)
        inner = [start + 6 for start in starts]
        features[inner] = noise_of(rng, (len(inner), features.shape[1]), 1.0)
        assert boundary_f1(contiguous_clusters(features, 8), starts, tolerance=3) == 1.0


@pytest.mark.parametrize("length", [3, 6, 20])
def test_something_short_is_found_in_a_film_that_is_still(length: int):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        start = int(rng.integers(100, 800))
        features = np.tile(direction(rng, 32), (1000, 1))
        features[start : start + length] = direction(rng, 32)
        features += noise_of(rng, features.shape, 0.1)
        assert contiguous_clusters(features, 3).tolist() == [0, start, start + length]


def test_events_and_their_clips_are_found():
    for seed in range(N_SEEDS):
        features, events, clips = planted_levels(seed, 0.1)
        root = hierarchy(features, (len(events), len(clips)))
        assert starts_of(root.children) == events
        assert [clip.start for event in root.children for clip in event.children] == clips


def test_events_and_their_clips_are_found_under_noise():
    found = []
    for seed in range(N_SEEDS):
        features, events, clips = planted_levels(seed, 0.7)
        root = hierarchy(features, (len(events), len(clips)))
        found.append(
            [
                boundary_f1(starts_of(root.children), events),
                boundary_f1([clip.start for event in root.children for clip in event.children], clips),
            ]
        )
    assert np.min(np.mean(found, axis=0)) >= 0.97


@pytest.mark.parametrize("n_tokens", [MAX_POINTS + 1, 3 * MAX_POINTS + 7])
def test_boundaries_of_many_tokens_are_found_to_one_token(n_tokens: int):
    starts = np.array([0, n_tokens // 7 + 3, n_tokens // 2 + 1, n_tokens - 401])
    rng = np.random.default_rng(n_tokens)
    content = np.array([direction(rng, 16) for _ in range(3)])[[0, 1, 0, 2]]
    features = np.repeat(content, np.diff(starts, append=n_tokens), axis=0)
    features += noise_of(rng, features.shape, 0.3)
    assert contiguous_clusters(features.astype(np.float32), 4).tolist() == starts.tolist()
    assert starts_of(hierarchy(features, (4,)).children) == starts.tolist()


@pytest.mark.parametrize("n_tokens", [1, 2, 3, 10, 100, MAX_POINTS + 5])
@pytest.mark.parametrize("n_clusters", [1, 2, 3, 7])
@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
def test_equal_tokens_are_divided_evenly(n_tokens: int, n_clusters: int, value: float):
    starts = contiguous_clusters(np.full((n_tokens, 5), value, np.float32), n_clusters)
    lengths = np.diff(starts, append=n_tokens)
    assert len(starts) == min(n_clusters, n_tokens)
    assert lengths.max() - lengths.min() <= 1


def test_levels_of_equal_tokens_are_even():
    root = hierarchy(np.ones((32, 3)), (2, 4, 8))
    for expected in (2, 2, 2, 4):
        assert len(root.children) == expected
        root = root.children[0]
    assert root == Node(0, 1)


def test_what_repeats_is_divided_where_it_is_longest():
    features = np.repeat(np.eye(3), [12, 2, 4], axis=0)
    assert contiguous_clusters(features, 3).tolist() == [0, 12, 14]
    assert contiguous_clusters(features, 5).tolist() == [0, 4, 8, 12, 14]
    rounded = features + 1e-8 * np.random.default_rng(0).normal(size=features.shape)
    assert contiguous_clusters(rounded, 5).tolist() == [0, 4, 8, 12, 14]


def test_one_token_and_two():
    one, two = np.ones((1, 4)), np.eye(2)
    assert [part.tolist() for part in density_peaks(one, 3)] == [[1.0], [0.0]]
    assert contiguous_clusters(one, 4).tolist() == [0]
    assert hierarchy(one, (4, 16)) == Node(0, 1)
    assert contiguous_clusters(two, 2).tolist() == [0, 1]
    assert contiguous_clusters(two, 1).tolist() == [0]
    assert hierarchy(two, (1,)) == hierarchy(two, ()) == Node(0, 2, (Node(0, 1), Node(1, 2)))


def test_a_level_that_merges_nothing_is_left_out():
    features, _ = planted(0, "AB", 0.1, shortest=3, longest=3)
    root = hierarchy(features, (2, 6, 16))
    assert root == hierarchy(features, (2,))
    assert [(child.start, child.stop, len(child.children)) for child in root.children] == [(0, 3, 3), (3, 6, 3)]


def test_a_span_of_one_token_is_its_leaf():
    features = np.repeat(np.eye(2), [1, 5], axis=0)
    assert hierarchy(features, (2,)).children[0] == Node(0, 1)
    assert hierarchy(features, (1, 1, 2, 2)) == hierarchy(features, (2,))
    assert all(len(node.children) != 1 for node in nodes_below(hierarchy(features, (1, 2, 3))))


def test_what_cannot_be_clustered_is_refused():
    features = np.ones((3, 2))
    for value in (np.nan, np.inf):
        with pytest.raises(InputError, match="not a finite number"):
            contiguous_clusters(np.full((3, 2), value), 2)
        with pytest.raises(InputError, match="not a finite number"):
            hierarchy(np.full((3, 2), value), (2,))
        with pytest.raises(InputError, match="not a finite number"):
            density_peaks(np.full((3, 2), value), 2)
    with pytest.raises(InputError, match="no tokens"):
        hierarchy(np.ones((0, 2)), (2,))
    with pytest.raises(InputError, match="at least 1"):
        contiguous_clusters(features, 0)
    with pytest.raises(InputError, match="at least 1"):
        density_peaks(features, 0)
    for sizes in [(0, 2), (3, 2)]:
        with pytest.raises(InputError, match="cannot be nested"):
            hierarchy(features, sizes)

"""Spans are a nested partition of the tokens, as many as asked for, and turn, scale and mirror with them."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workbench.core.hierarchy import contiguous_clusters, density_peaks, hierarchy

# Few values, so that ties and repeats are common.
coarse = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.integers(-2, 2).map(float)
)
sizes = st.lists(st.integers(1, 30), max_size=4).map(sorted)


@st.composite
def distinct(draw):
    """Return features no two distances of which tie: spans under noise that may hide them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_tokens, dim, n_spans = draw(st.integers(1, 60)), draw(st.integers(2, 12)), draw(st.integers(1, 6))
    span = np.sort(rng.integers(0, n_spans, n_tokens))
    return draw(st.sampled_from([0.1, 1.0])) * rng.normal(size=(n_tokens, dim)) + rng.normal(size=(n_spans, dim))[span]


features = st.one_of(coarse, distinct())


def nodes_below(node):
    return [node, *(below for child in node.children for below in nodes_below(child))]


def turned(tokens, seed=0):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(tokens.shape[1], tokens.shape[1])))
    return tokens @ turn


@given(features, st.integers(1, 50))
def test_clusters_are_as_many_as_asked_for_and_in_order(tokens, n_clusters):
    starts = contiguous_clusters(tokens, n_clusters)
    assert len(starts) == min(n_clusters, len(tokens))
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert starts[-1] < len(tokens)


@given(features, sizes)
def test_a_tree_is_a_nested_partition(tokens, asked):
    root = hierarchy(tokens, asked)
    assert (root.start, root.stop) == (0, len(tokens))
    nodes = nodes_below(root)
    for node in nodes:
        assert len(node.children) != 1
        sizes = [child.stop - child.start for child in node.children]
        assert node.stop - node.start == (sum(sizes) or 1)
        edges = [node.start, *(child.stop for child in node.children)]
        assert [child.start for child in node.children] == edges[:-1]
    leaves = [node for node in nodes if not node.children]
    assert [(leaf.start, leaf.stop) for leaf in leaves] == [(k, k + 1) for k in range(len(tokens))]


def spans_of_level(tokens, asked):
    """Return the spans of the coarsest level asked for: the children of the root, as no level is above it."""
    root = hierarchy(tokens, asked)
    return {(span.start, span.stop) for span in (root.children if asked[0] > 1 else (root,))}


@given(features, sizes)
def test_every_level_has_the_number_of_spans_asked_for(tokens, asked):
    asked = [size for size in asked if size < len(tokens)]
    spans = {(node.start, node.stop) for node in nodes_below(hierarchy(tokens, asked))}
    levels = [spans_of_level(tokens, asked[k:]) for k in range(len(asked))]
    for level, size in zip(levels, asked, strict=True):
        assert len(level) == size
        assert level <= spans
    for coarser, finer in itertools.pairwise(levels):
        assert {start for start, _ in coarser} <= {start for start, _ in finer}


@given(features, sizes)
def test_a_single_level_is_the_clusters(tokens, asked):
    for size in asked:
        if 1 < size < len(tokens):
            starts = [child.start for child in hierarchy(tokens, [size]).children]
            assert starts == contiguous_clusters(tokens, size).tolist()


@given(features, st.integers(2, 20))
def test_every_cluster_has_one_centre(tokens, n_clusters):
    # Where a cluster is shorter than 4 tokens nothing is averaged, so the peaks can be had from outside.
    if not n_clusters < len(tokens) < 4 * n_clusters:
        return
    density, distance = density_peaks(tokens, 2)
    strongest = np.argsort(-density * distance, kind="stable")[:n_clusters]
    if distance[strongest].min() > 0:
        owners = np.searchsorted(contiguous_clusters(tokens, n_clusters), strongest, side="right")
        assert sorted(owners) == list(range(1, n_clusters + 1))


@given(features, sizes)
def test_the_same_tokens_give_the_same_tree(tokens, asked):
    assert hierarchy(tokens.copy(), asked) == hierarchy(np.asfortranarray(tokens), tuple(asked))


@given(features, st.integers(1, 12), st.integers(-20, 20))
def test_density_has_no_unit_and_distance_that_of_the_features(tokens, n_neighbours, power):
    density, distance = density_peaks(tokens, n_neighbours)
    scaled_density, scaled_distance = density_peaks(2.0**power * tokens, n_neighbours)
    np.testing.assert_array_equal(scaled_density, density)
    np.testing.assert_array_equal(scaled_distance, 2.0**power * distance)
    assert (density >= round(np.exp(-1.0), 12)).all()
    assert (density <= 1).all()
    assert distance[np.argmax(density)] == distance.max()


@given(distinct(), sizes, st.floats(1e-3, 1e3), st.integers(0, 99))
def test_turning_and_scaling_change_nothing(tokens, asked, factor, seed):
    assert hierarchy(factor * turned(tokens, seed), asked) == hierarchy(tokens, asked)


@given(distinct(), sizes, st.integers(1, 20))
def test_tokens_in_reverse_give_the_mirror_image(tokens, asked, n_clusters):
    n_tokens = len(tokens)
    mirrored = n_tokens - contiguous_clusters(tokens[::-1], n_clusters)[1:][::-1]
    assert mirrored.tolist() == contiguous_clusters(tokens, n_clusters)[1:].tolist()
    spans = {(node.start, node.stop) for node in nodes_below(hierarchy(tokens, asked))}
    back = {(n_tokens - node.stop, n_tokens - node.start) for node in nodes_below(hierarchy(tokens[::-1], asked))}
    assert back == spans

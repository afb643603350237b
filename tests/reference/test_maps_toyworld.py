"""Maps against planted truth, on a few films of the toy world that nobody has seen; the benchmark has many."""

import pytest

from tests.benchmarks.bench_maps_toyworld import TOLERANCE_PX, cases, hits

SEED, N_FILMS = 311, 4
BAR = 0.90
METHODS = ("relevance", "legrad", "raw")
"""One trace serves them all."""


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Return how often each method points at the object that the sentence names, by the rule of the field."""
    found = list(cases(tmp_path_factory.mktemp("films"), SEED, N_FILMS))
    assert len(found) >= 40
    return hits(found, TOLERANCE_PX, METHODS)


def test_the_best_map_points_at_the_object_that_the_sentence_names(near: dict[str, float]) -> None:
    assert max(near[method] for method in METHODS) >= BAR
    assert near["legrad"] >= BAR - 0.05, "the best of the benchmark, on a fifth as many objects"


def test_chance_and_a_map_that_does_not_know_the_sentence_are_far_below(near: dict[str, float]) -> None:
    assert near["chance"] < 0.15
    assert near["raw"] < BAR - 0.1

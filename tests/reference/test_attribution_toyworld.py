"""Values against planted truth, on a few films of the toy world that nobody has seen; the benchmark has many."""

from collections import defaultdict

import numpy as np
import pytest

from tests.benchmarks.bench_attribution_toyworld import add, cases

SEED, N_FILMS = 211, 5


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    tally: dict[str, list[float]] = defaultdict(list)
    for case in cases(tmp_path_factory.mktemp("films"), SEED, N_FILMS):
        add(tally, case)
    return tally


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ("words: the first is telling, in the best moment", 0.85),
        ("frames: area under the ROC curve, mean", 0.95),
        ("cells: the same, by what the frame adds with the word", 0.75),
    ],
)
def test_the_planted_truth_is_found(found: dict[str, list[float]], what: str, least: float) -> None:
    """Bars are 0.90, 0.95 and 0.85; on some twenty sentences each a little less leaves room for chance."""
    assert len(found[what]) >= 15
    assert np.mean(found[what]) >= least


def test_chance_is_far_below(found: dict[str, list[float]]) -> None:
    assert np.mean(found["cells: the same, any cell: chance"]) < 0.4

"""How often 95 % intervals of sampled Banzhaf values hold the truth: ``python -m tests.benchmarks.bench_coverage``.

1000 seeds of each, ``--seeds N`` for fewer, on all cores: half an hour on two. Set ``OPENBLAS_NUM_THREADS=1`` for it.
"""

from __future__ import annotations

import argparse
import functools
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from tests.benchmarks.sampled_games import Known, late_interaction, small_groups, small_noise
from workbench.core.estimation import least_budget, paired_least_squares, sparse_least_squares

ESTIMATORS = (paired_least_squares, sparse_least_squares)
CASES = {
    "small noise": (21, 2, 928),
    "small noise, twice": (21, 2, 1856),
    "small noise, values alone": (49, 1, 600),
    "small noise, half of all": (10, 2, 512),
    "small noise, nearly all": (10, 2, 1000),
    "unanimity": (30, 2, 1864),
    "tables": (30, 2, 1864),
    "late interaction": (30, 2, 1864),
}


@functools.lru_cache
def known(name: str, n: int) -> Known:
    """Return the game of a case; every process makes its own."""
    rng = np.random.default_rng([0, n, 3])
    if name.startswith("small noise"):
        return small_noise(n, rng)
    return late_interaction(n // 3, n - n // 3, rng) if name == "late interaction" else small_groups(n, rng, name)


def held(name: str, at: int, seed: int) -> tuple[float, float]:
    """Return which share of values and of pairs one estimate's intervals hold."""
    n, order, budget = CASES[name]
    truth = known(name, n)
    found = ESTIMATORS[at](truth.game, n, budget, np.random.default_rng(seed), order)
    assert found.value_errors is not None
    values = np.abs(found.values - truth.values) <= 1.96 * found.value_errors
    if found.pairs is None:
        return float(values.mean()), float("nan")
    upper = np.triu_indices(n, 1)
    pairs = np.abs(found.pairs - truth.pairs)[upper] <= 1.96 * found.pair_errors[upper]
    return float(values.mean()), float(pairs.mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, metavar="N")
    seeds = range(parser.parse_args().seeds)
    print("| game | players, evaluations | plain: values | pairs | here: values | pairs |")
    print("|---|---|---|---|---|---|")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, (n, order, budget) in CASES.items():
            assert budget >= least_budget(n, order)
            cells = []
            for at in range(len(ESTIMATORS)):
                share = np.mean(list(pool.map(functools.partial(held, name, at), seeds, chunksize=4)), axis=0)
                cells += ["" if np.isnan(one) else f"{one:.3f}" for one in share]
            print(f"| {name} | {n}, {budget:,} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

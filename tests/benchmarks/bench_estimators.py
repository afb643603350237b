"""Sampled Banzhaf estimators against shapiq's on games of 30 and 60 players whose truth is known.

``python -m tests.benchmarks.bench_estimators`` takes some minutes on two cores. ``--slow`` adds those of shapiq that
take minutes each, one seed of each.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable

import numpy as np
import shapiq.approximator.sparse.base as shapiq_sparse
from shapiq.approximator import SHAPIQ, SPEX, SVARMIQ, ProxySPEX, RegressionFBII

from tests.benchmarks.sampled_games import Known, late_interaction, pooled_cosine, small_groups
from workbench.core.coalitions import Game
from workbench.core.estimation import (
    least_budget,
    maximum_sample_reuse,
    paired_least_squares,
    sparse_least_squares,
)

Answer = tuple[np.ndarray | None, np.ndarray | None]
Estimator = Callable[[Game, int, int, int], Answer]


def ours(estimate) -> Estimator:
    def run(game: Game, n: int, budget: int, seed: int) -> Answer:
        found = estimate(game, n, budget, np.random.default_rng(seed))
        return found.values, found.pairs

    return run


def evenly(n: int) -> dict:
    """Return how shapiq is told to draw all coalitions as likely, with complements: its best for Banzhaf."""
    return {"pairing_trick": True, "sampling_weights": np.array([math.comb(n, size) for size in range(n + 1)], float)}


def unpacked(answer, n: int) -> tuple[np.ndarray, np.ndarray]:
    values, pairs = np.zeros(n), np.zeros((n, n))
    for group, place in answer.interaction_lookup.items():
        if len(group) == 1:
            values[group[0]] = answer.values[place]
        if len(group) == 2:
            pairs[group] = pairs[group[::-1]] = answer.values[place]
    return values, pairs


def regression_fbii(game: Game, n: int, budget: int, seed: int) -> Answer:
    """Its pairs converge to Banzhaf's; with half of each pair, so do its values."""
    values, pairs = unpacked(RegressionFBII(n, 2, random_state=seed, **evenly(n)).approximate(budget, game), n)
    return values + pairs.sum(axis=1) / 2, pairs


def monte_carlo(kind) -> Estimator:
    return lambda game, n, budget, seed: unpacked(
        kind(n, 2, index="BII", random_state=seed, **evenly(n)).approximate(budget, game), n
    )


def fourier(kind) -> Estimator:
    """Banzhaf indices of what it finds are its Fourier coefficients, taken before they are turned into others."""

    def run(game: Game, n: int, budget: int, seed: int) -> Answer:
        class Found(Exception):
            pass

        def stop(coefficients: dict) -> None:
            raise Found(coefficients)

        values, pairs = np.zeros(n), np.zeros((n, n))
        whole, shapiq_sparse.fourier_to_moebius = shapiq_sparse.fourier_to_moebius, stop
        try:
            kind(n=n, index="FBII", max_order=2, random_state=seed).approximate(budget, game)
        except Found as found:
            for group, weight in found.args[0].items():
                if len(group) == 1:
                    values[group[0]] = -2 * weight
                if len(group) == 2:
                    pairs[group] = pairs[group[::-1]] = 4 * weight
        except ValueError:  # too small a budget for it
            return None, None
        finally:
            shapiq_sparse.fourier_to_moebius = whole
        return values, pairs

    return run


HERE = "here"
OURS: dict[str, Estimator] = {
    HERE: ours(sparse_least_squares),
    "plain": ours(paired_least_squares),
    "MSR": ours(maximum_sample_reuse),
}
SHAPIQ_FAST: dict[str, Estimator] = {"RegressionFBII": regression_fbii, "SHAPIQ": monte_carlo(SHAPIQ)}
SHAPIQ_SLOW: dict[str, Estimator] = {
    "SVARMIQ": monte_carlo(SVARMIQ),
    "SPEX": fourier(SPEX),
    "ProxySPEX": fourier(ProxySPEX),
}


def games(n: int) -> dict[str, Known]:
    return {
        "unanimity": small_groups(n, np.random.default_rng([0, n, 1]), "unanimity"),
        "tables": small_groups(n, np.random.default_rng([0, n, 3]), "tables"),
        "late interaction": late_interaction(n // 3, n - n // 3, np.random.default_rng([0, n, 4])),
        "pooled cosine": pooled_cosine(n, np.random.default_rng([0, n, 5]), 500_000),
    }


def relative(found: np.ndarray | None, truth: np.ndarray) -> float:
    return math.nan if found is None else float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def compare(theirs: dict[str, Estimator], n_seeds: dict[tuple[int, int], int]) -> None:
    """Print the table: relative L2 error of values and of pairs, mean over seeds; of slow estimators, one seed."""
    print("| game | players, evaluations | of | here | plain | MSR | shapiq's best | next |")
    print("|---|---|---|---|---|---|---|---|")
    n_rows = n_at_or_below = 0
    for (n, times), seeds in n_seeds.items():
        budget = times * least_budget(n, 2)
        for name, known in games(n).items():
            errors = {}
            for label, estimate in {**OURS, **theirs}.items():
                found = [estimate(known.game, n, budget, seed) for seed in range(1 if label in SHAPIQ_SLOW else seeds)]
                errors[label] = np.mean(
                    [(relative(one, known.values), relative(two, known.pairs)) for one, two in found], axis=0
                )
            for row, what in enumerate(("values", "pairs")):
                told = {label: float(error[row]) for label, error in errors.items() if not np.isnan(error[row])}
                best, following = sorted((label for label in theirs if label in told), key=told.__getitem__)[:2]
                cells = [f"{told[label]:.4f}" if label in told else "-" for label in OURS]
                cells += [f"{label} {told[label]:.4f}" for label in (best, following)]
                print(f"| {name} | {n}, {budget:,} | {what} | " + " | ".join(cells) + " |", flush=True)
                n_rows += 1
                n_at_or_below += told[HERE] <= told[best]
    print(f"\nHere at or below shapiq's best in {n_at_or_below} of {n_rows} rows.")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    compare(SHAPIQ_FAST | (SHAPIQ_SLOW if asked.slow else {}), {(30, 1): 4, (30, 4): 2, (60, 1): 1})
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

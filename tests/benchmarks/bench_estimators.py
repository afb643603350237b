"""Sampled Banzhaf estimators against shapiq's on games of 30 and 60 players whose truth is known.

``python -m tests.benchmarks.bench_estimators`` takes some minutes on two cores. ``--slow`` adds those of shapiq that
take minutes each, one seed of each (ProxySPEX only where lightgbm is installed, which nothing else here needs);
``--coverage`` tells instead how often 95 % intervals hold the truth over 1000 seeds.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import shapiq.approximator.sparse.base as shapiq_sparse
from shapiq.approximator import SHAPIQ, SPEX, SVARMIQ, ProxySPEX, RegressionFBII

from workbench.core.coalitions import Game
from workbench.core.estimation import (
    least_budget,
    maximum_sample_reuse,
    paired_least_squares,
    sparse_least_squares,
)

Answer = tuple[np.ndarray | None, np.ndarray | None]
Estimator = Callable[[Game, int, int, int], Answer]


@dataclass(frozen=True)
class Known:
    """A game with its Banzhaf values and pairs."""

    game: Game
    values: np.ndarray
    pairs: np.ndarray


def small_groups(n: int, rng: np.random.Generator, kind: str) -> Known:
    """Return a sum of ``n`` games of 3 to 8 players each: unanimity, or (3 to 6 players) any table of numbers."""
    values, pairs, parts = np.zeros(n), np.zeros((n, n)), []
    for _ in range(n):
        size = int(rng.integers(3, 9 if kind == "unanimity" else 7))
        members = rng.choice(n, size, replace=False)
        present = np.arange(2**size)[:, None] >> np.arange(size) & 1
        table = present.all(axis=1) * rng.normal() if kind == "unanimity" else rng.normal(size=2**size)
        signs = 2.0 * present - 1
        values[members] += 2 * (table @ signs) / 2**size
        pairs[np.ix_(members, members)] += 4 * (signs.T * table) @ signs / 2**size
        parts.append((members, 2 ** np.arange(size), table))
    np.fill_diagonal(pairs, 0.0)
    return Known(lambda z: sum(table[z[:, members] @ bits] for members, bits, table in parts), values, pairs)


def late_interaction(n_words: int, n_frames: int, rng: np.random.Generator) -> Known:
    """Return the sum over words of the most similar frame, 0 without a frame, frames being shots of three alike."""
    words, shots = rng.normal(size=(n_words, 16)), rng.normal(size=(-(-n_frames // 3), 16))
    frames = np.repeat(shots, 3, axis=0)[:n_frames] + 0.5 * rng.normal(size=(n_frames, 16))
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)  # noqa: E731
    similar = unit(words) @ unit(frames).T

    def game(z: np.ndarray) -> np.ndarray:
        most = np.where(z[:, None, n_words:], similar, -np.inf).max(axis=2)
        return (np.where(np.isinf(most), 0.0, most) * z[:, :n_words]).sum(axis=1)

    def mean_most(others: np.ndarray, *present: float) -> float:
        """Return the mean of the maximum of ``present`` and an even draw of ``others``, 0 of none at all."""
        above = np.sort(others[others > max(present, default=-np.inf)])[::-1]
        chance = 0.5 ** np.arange(1, len(above) + 1)
        return float(above @ chance) + 0.5 ** len(above) * max(present, default=0.0)

    n = n_words + n_frames
    values, pairs = np.zeros(n), np.zeros((n, n))
    for word, row in enumerate(similar):
        values[word] = mean_most(row)
        for i in range(n_frames):
            rest, a, at = np.delete(row, i), row[i], n_words + i
            added = mean_most(rest, a) - mean_most(rest)
            values[at] += added / 2
            pairs[word, at] = pairs[at, word] = added
            for j in range(i):
                rest, b = np.delete(row, [i, j]), row[j]
                both = mean_most(rest, a, b) - mean_most(rest, a) - mean_most(rest, b) + mean_most(rest)
                pairs[at, n_words + j] += both / 2
                pairs[n_words + j, at] += both / 2
    return Known(game, values, pairs)


def pooled_cosine(n: int, rng: np.random.Generator, n_draws: int) -> Known:
    """Return the cosine of a text with the mean of frames, most of them of five shots; truth by many draws.

    What a large estimate leaves is averaged over ``n_draws`` pairs of coalitions of their own: unbiased.
    """
    shots = rng.normal(size=(5, 64))
    frames = shots[np.sort(rng.integers(5, size=n))] + 0.6 * rng.normal(size=(n, 64)) + 0.8 * rng.normal(size=64)
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    text = shots[0] + rng.normal(size=64)
    along, products = frames @ text / np.linalg.norm(text), frames @ frames.T

    def game(z: np.ndarray) -> np.ndarray:
        present = z.astype(float)
        squared = ((present @ products) * present).sum(axis=1)
        return np.where(squared > 0, present @ along / np.sqrt(np.maximum(squared, 1e-12)), 0.0)

    first = paired_least_squares(game, n, 12 * least_budget(n, 2) // 2, rng)
    values, pairs, n_blocks = np.zeros(n), np.zeros((n, n)), n_draws // 5000
    for _ in range(n_blocks):
        signs = rng.choice([-1.0, 1.0], (5000, n))
        one, other = game(signs > 0), game(signs < 0)
        odd = (one - other) / 2 - signs @ first.values / 2
        even = (one + other) / 2 - first.mean - ((signs @ first.pairs) * signs).sum(axis=1) / 8
        values += 2 * odd @ signs
        pairs += 4 * (signs.T * even) @ signs
    n_seen = 5000 * n_blocks
    np.fill_diagonal(pairs, 0.0)
    return Known(game, first.values + values / n_seen, first.pairs + pairs / n_seen)


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
SHAPIQ_SLOW: dict[str, Estimator] = {"SVARMIQ": monte_carlo(SVARMIQ), "SPEX": fourier(SPEX)}
if find_spec("lightgbm"):
    SHAPIQ_SLOW["ProxySPEX"] = fourier(ProxySPEX)


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


def coverage(n_seeds: int = 1000) -> None:
    """Print how often 95 % intervals hold the truth: of a game of 21 players with noise of third and fourth order."""
    n = 21
    draw = np.random.default_rng(0)
    groups = [np.array([draw.choice(n, size, replace=False) for _ in range(400)]) for size in (3, 4)]
    groups.append(np.array(np.triu_indices(n, 1)).T)
    weights = [0.1 * draw.normal(size=len(some)) for some in groups]
    values, pairs = np.zeros(n), np.zeros((n, n))
    pairs[tuple(groups[2].T)] = 4 * weights[2]

    def game(z: np.ndarray) -> np.ndarray:
        signs = 2.0 * z - 1
        return sum(signs[:, some].prod(axis=2) @ weight for some, weight in zip(groups, weights, strict=True))

    print("| estimator | evaluations | values | pairs |\n|---|---|---|---|")
    for times in (1, 2):
        budget = times * least_budget(n, 2)
        for estimate in (paired_least_squares, sparse_least_squares):
            held = []
            for seed in range(n_seeds):
                found = estimate(game, n, budget, np.random.default_rng(seed))
                off = np.abs(found.pairs - pairs - pairs.T)[np.triu_indices(n, 1)]
                sigma = found.pair_errors[np.triu_indices(n, 1)]
                values_held = np.abs(found.values - values) <= 1.96 * found.value_errors
                held.append((values_held.mean(), (off <= 1.96 * sigma).mean()))
            share = np.mean(held, axis=0)
            print(f"| {estimate.__name__} | {budget} | {share[0]:.3f} | {share[1]:.3f} |", flush=True)


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--coverage", type=int, nargs="?", const=1000, metavar="SEEDS")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    if asked.coverage:
        coverage(asked.coverage)
    else:
        compare(SHAPIQ_FAST | (SHAPIQ_SLOW if asked.slow else {}), {(30, 1): 4, (30, 4): 2, (60, 1): 1})
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

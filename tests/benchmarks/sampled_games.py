"""Games of many players whose Banzhaf values and pairs are known, to judge estimators by.

Separate because both benchmarks of estimators play them: how large errors are, and how large they are said to be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.core.coalitions import Game
from workbench.core.estimation import least_budget, paired_least_squares


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


def small_noise(n: int, rng: np.random.Generator) -> Known:
    """Return pairs, and groups of three and four players, 400 of each, too small to be told one by one."""
    groups = [np.array([rng.choice(n, size, replace=False) for _ in range(400)]) for size in (3, 4)]
    groups.append(np.array(np.triu_indices(n, 1)).T)
    weights = [0.1 * rng.normal(size=len(some)) for some in groups]
    pairs = np.zeros((n, n))
    pairs[tuple(groups[2].T)] = 4 * weights[2]

    def game(z: np.ndarray) -> np.ndarray:
        signs = 2.0 * z - 1
        return sum(signs[:, some].prod(axis=2) @ weight for some, weight in zip(groups, weights, strict=True))

    return Known(game, np.zeros(n), pairs + pairs.T)

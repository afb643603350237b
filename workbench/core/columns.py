"""What groups of players do to a score, as columns of a regression: one row a coalition, present +1 and absent -1.

Separate because it is the basis that the estimators share with the transform: the column of a group is the product of
the signs of its players, so that its coefficient is that of the Walsh transform.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int8, Int64

_AT_ONCE = 4096
_ENTRIES = 2**23


@dataclass(frozen=True, eq=False)
class Groups:
    """Columns of a regression, one a group: the product of the signs of its players."""

    players: Int64[np.ndarray, "group size"]

    def __len__(self) -> int:
        return len(self.players)

    def columns(self, signs: Float64[np.ndarray, "draw player"]) -> Int8[np.ndarray, "draw group"]:
        by_player = np.ascontiguousarray(signs.T, np.int8)
        found = np.ones((len(self), len(signs)), np.int8)
        for member in self.players.T:
            found *= by_player[member]
        return found.T


@dataclass(frozen=True, eq=False)
class Bends:
    """Columns of a regression, one for every three or four directions in ``places``, which may repeat.

    Each is the product of what a coalition scores along them, less all that is in it of smaller groups: a sum over
    groups of exactly three or four players. ``directions`` are of length one and at right angles.
    """

    directions: Float64[np.ndarray, "direction player"]
    places: Sequence[tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.places)

    def columns(self, signs: Float64[np.ndarray, "draw player"]) -> Float64[np.ndarray, "draw bend"]:
        kinds = list(itertools.combinations_with_replacement(range(len(self.directions)), 3))
        threes = signs @ np.array([self.directions[list(kind)].prod(axis=0) for kind in kinds]).T
        three: dict[tuple[int, ...], Any] = dict(zip(kinds, threes.T, strict=True))
        score = signs @ self.directions.T
        found = np.empty((len(signs), len(self)))
        for at, places in enumerate(self.places):
            # Moebius inversion over the ways in which players may coincide: of two that do, the signs cancel.
            column = score[:, list(places)].prod(axis=1)
            for one, other in itertools.combinations(range(len(places)), 2):
                rest = [place for at_place, place in enumerate(places) if at_place not in (one, other)]
                if places[one] == places[other]:
                    column -= score[:, rest].prod(axis=1)
                    column += (len(rest) == 2 and rest[0] == rest[1]) / 2
            if len(places) == 3:
                column += 2 * three[places]
            else:
                for out in range(4):
                    column += 2 * three[places[:out] + places[out + 1 :]] * score[:, places[out]]
                column -= 6 * self.directions[list(places)].prod(axis=0).sum()
            found[:, at] = column
        return found


def subsets(n_players: int, size: int) -> Int64[np.ndarray, "group size"]:
    """Return all groups of so many players."""
    groups = list(itertools.combinations(range(n_players), size))
    return np.array(groups, np.int64).reshape(len(groups), size)


def blocks(n_rows: int, n_columns: int = 1) -> Iterator[slice]:
    """Yield slices of rows that fit in memory with so many columns."""
    step = min(_AT_ONCE, max(256, _ENTRIES // max(n_columns, 1)))
    return (slice(at, min(at + step, n_rows)) for at in range(0, n_rows, step))
